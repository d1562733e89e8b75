"""Where the tables of the picture stand."""

from event_assets.site.catalogue import LAYERS, Catalogue
from event_assets.site.layout import lanes
from event_assets_tests.site.synthetic import many_tables


def check(catalogue: Catalogue) -> None:
    placed = lanes(catalogue)
    place = {each: number for number, lane in enumerate(placed) for each in lane.tables}
    assert sorted(place) == sorted(catalogue.by_id), "each stands in one lane"
    layers = [LAYERS.index(lane.layer) for lane in placed]
    assert layers == sorted(layers)
    for table in catalogue.tables:
        assert placed[place[table.id]].layer == table.layer
        assert all(place[read] < place[table.id] for read in table.reads), table.id


def test_every_table_stands_right_of_what_it_reads(catalogue: Catalogue):
    check(catalogue)


def test_also_where_there_are_many():
    check(many_tables())


def test_the_order_is_the_same_each_time(catalogue: Catalogue):
    shuffled = Catalogue(catalogue.made_at, catalogue.timezone, tuple(reversed(catalogue.tables)))
    assert [sorted(lane.tables) for lane in lanes(shuffled)] == [sorted(lane.tables) for lane in lanes(catalogue)]
    assert lanes(catalogue) == lanes(Catalogue(catalogue.made_at, catalogue.timezone, catalogue.tables))
