"""The client of Spark Connect, imported in a way that also works in a process that was not started from a file."""

import sys
from importlib.machinery import ModuleSpec

_main = sys.modules["__main__"]
if _main.__spec__ is None and not hasattr(_main, "__file__"):
    # pyspark takes such a process, as `python -c` and the children of Dagster's executors are, for its own doctests,
    # and ends it.
    _main.__spec__ = ModuleSpec("__main__", None)

from pyspark.errors import PySparkException  # noqa: E402
from pyspark.sql import DataFrame  # noqa: E402
from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: E402
from pyspark.sql.connect.session import SparkSession as ConnectSession  # noqa: E402

__all__ = ["ConnectSession", "DataFrame", "DefaultPolicy", "PySparkException"]
