"""The hand-written vocabulary of invented programmes: titles, descriptions, names of halls, companies and jobs.

Names of people come from Faker (see ``people``). Companies are made of whimsical words here instead, because Faker's
lists hold real ones.
"""

from random import Random

# Each track with what its talks are about: noun phrases that fit every pattern below.
TRACKS = {
    "Data Engineering": (
        "Event Streams", "Column Stores", "Late-Arriving Data", "Data Contracts", "Schema Changes", "Slow Queries",
        "Incremental Loads", "Change Data Capture", "Data Lineage", "Broken Pipelines", "Small Data", "Time Zones",
    ),
    "Machine Learning": (
        "Tiny Models", "Feature Drift", "Speech Recognition", "Recommendation Engines", "Synthetic Data",
        "Model Cards", "Weather Forecasts", "Search Ranking", "Training Budgets", "Explainable Decisions",
    ),
    "Security and Privacy": (
        "Passkeys", "Threat Models", "Supply Chains", "Memory Safety", "Consent Banners", "Backup Drills",
        "Secret Rotation", "Phishing Exercises", "Anonymous Statistics", "Certificate Renewals",
    ),
    "Cloud and Operations": (
        "Rollbacks", "Blue-Green Deployments", "On-Call Rotas", "Capacity Plans", "Container Images", "Load Shedding",
        "Postmortems", "Configuration Drift", "Service Meshes", "Quiet Alerts",
    ),
    "Web": (
        "Design Tokens", "Server Rendering", "Web Components", "Form Validation", "Offline Pages", "Variable Fonts",
        "Page Weight", "Accessible Tables", "Browser Storage", "Feature Flags",
    ),
    "Community": (
        "Code Review", "First Contributions", "Volunteer Burnout", "Release Notes", "Governance Documents",
        "Mailing Lists", "Mentoring Circles", "Grant Applications", "Local Chapters", "Documentation Days",
    ),
    "Open Hardware": (
        "Sensor Networks", "Soldering Clinics", "Repair Cafés", "E-Paper Displays", "Solar Chargers", "Laser Cutters",
        "Radio Mesh Networks", "Microcontrollers", "Open Thermostats", "Bicycle Computers",
    ),
    "Languages and Compilers": (
        "Type Inference", "Garbage Collection", "Error Messages", "Pattern Matching", "Incremental Builds",
        "Borrow Checking", "Bytecode", "Macros", "Package Managers", "Gradual Typing",
    ),
    "Public Sector": (
        "Open Tenders", "Digital Forms", "Bus Timetables", "Land Registers", "Election Results", "Library Catalogues",
        "Plain Language", "Open Budgets", "Paperless Schools", "Citizen Feedback",
    ),
    "Sustainability": (
        "Carbon Accounting", "Old Laptops", "Green Schedules", "Heat Pumps", "Energy Labels", "Repairable Phones",
        "Idle Servers", "River Gauges", "Community Batteries", "Lean Images",
    ),
    "Design and Research": (
        "User Interviews", "Paper Prototypes", "Icon Sets", "Survey Bias", "Empty States", "Design Critiques",
        "Colour Contrast", "Onboarding Flows", "Diary Studies", "Dark Patterns",
    ),
    "Science": (
        "Reproducible Notebooks", "Telescope Archives", "Genome Browsers", "Citizen Science", "Research Software",
        "Climate Grids", "Lab Automation", "Open Peer Review", "Particle Tracks", "Field Recordings",
    ),
    "Education": (
        "Coding Clubs", "Peer Instruction", "Open Textbooks", "Exam Software", "Block Programming", "Teacher Training",
        "Learning Analytics", "Homework Servers", "Study Groups", "Museum Exhibits",
    ),
    "Games and Graphics": (
        "Shader Tricks", "Level Editors", "Physics Engines", "Pixel Art", "Save Files", "Procedural Worlds",
        "Motion Capture", "Font Rendering", "Game Jams", "Netcode",
    ),
}  # fmt: skip

TITLES = (
    "{subject} in Practice", "{subject} at {place}", "{subject} for {audience}", "A Gentle Introduction to {subject}",
    "The Hidden Cost of {subject}", "What {place} Taught Us about {subject}", "{subject} without Tears",
    "Rethinking {subject}", "Ten Years of {subject} at {place}", "Why {audience} Should Care about {subject}",
    "From {subject} to {other}", "{subject} or {other}? Yes, Please", "{subject} on a Shoestring",
    "Stop Worrying about {subject}", "{subject}, Explained with Sandwiches", "An Honest Look at {subject}",
    "Field Report: {subject} at {place}", "The State of {subject}", "{subject} Beyond the Happy Path",
    "How {place} Gave Up on {subject}", "Testing {subject} Like You Mean It", "{subject} and {other}: A Love Story",
    "Everything We Got Wrong about {subject}", "{subject}: A Survival Guide for {audience}",
)  # fmt: skip
WORKSHOP_TITLES = (
    "Hands-On: {subject}", "{subject} from Scratch", "{subject} Step by Step", "Bring Your Own Laptop: {subject}",
    "Build, Break, Repeat: {subject}", "{subject} for {audience}, Hands-On",
)  # fmt: skip
PLACES = (
    "a City Library", "a Railway Operator", "a Small Hospital", "a Public Broadcaster", "a Bakery Chain",
    "a Mountain Hut", "a Ferry Company", "a School District", "a National Archive", "a Vineyard", "a Weather Service",
    "a Two-Person Startup",
)  # fmt: skip
AUDIENCES = (
    "Small Teams", "Beginners", "Maintainers", "Public Services", "Volunteers", "Tired Developers", "Librarians",
    "Analysts", "Designers", "People in a Hurry",
)  # fmt: skip
KEYNOTES = (
    "The Quiet Work That Holds the Web Together", "Boring Software Is a Public Good", "Who Reads the Logs?",
    "A Kinder Kind of Automation", "Maintenance Is a Creative Act", "What Machines Owe Us",
)  # fmt: skip
TITLES_ELSEWHERE = (
    "זרמי אירועים לצוותים קטנים", "小さなチームのためのデータ契約", "مدخل لطيف إلى جودة البيانات",
    "Fehlermeldungen, die man gern liest", "Ce que les archives nous apprennent", "Małe modele, duże pytania",
    "Küçük ekipler için güvenli yedekleme", "データ基盤の静かな日々", "למה כדאי לכתוב תיעוד",
    "Zeitzonen: ein Erfahrungsbericht",
)  # fmt: skip
"""Titles in other scripts and languages; the first three are right-to-left or CJK, so small programmes have them."""
OPEN_STAGE_TITLE = "Lightning Talks: Sign Up at the Door"
PARTY_TITLE = "Conference Party 🎉"

OPENINGS = (
    "Everybody has an opinion on {subject}, few have numbers.",
    "Last winter we had to learn about {subject} the hard way.",
    "There is more to {subject} than the tutorials admit.",
    "This talk begins where most introductions to {subject} end.",
    "We ran {subject} in production for three years and kept a diary.",
)
MIDDLES = (
    "We measure what it really costs and show where the time goes.",
    "You will see the first design, the second design, and why the third one stayed.",
    "Three stories, one of them embarrassing, show what went wrong and what we changed.",
    "A live demonstration compares the usual approach with a much smaller one.",
    "Along the way we look at tools, habits and the people who have to use both.",
    "None of it needs a big team or a big budget.",
    "All examples are open source and run on an ordinary laptop.",
)
CLOSINGS = (
    "No prior knowledge is needed.",
    "Bring questions: a third of the time is kept for them.",
    "Slides and code will be published after the session.",
    "You should have used a command line before.",
    "You will leave with a checklist for Monday morning.",
)
DESCRIPTION_STYLES = ("html", "html", "html", "html", "html", "entities", "entities", "plain", "crlf", "emoji", "none")
"""How people fill in that field, each as often as it stands here; any eleven sessions have all of them."""

HALLS = (
    "Great Hall", "Danube Room", "Galerie", "Library", "Orangery", "Room Ada", "Room Hedy", "Room Lise", "Studio 1",
    "Studio 2", "Auditorium West", "Cinema", "Chapel", "Winter Garden", "Attic",
)  # fmt: skip
_COMPANY_FIRST = (
    "Amber", "Quiet", "Paper", "Copper", "Velvet", "Sleepy", "Borrowed", "Winding", "Seventh", "Polite", "Tangerine",
    "Upside", "Nimble", "Mossy", "Half-Past", "Barefoot", "Lopsided", "Crooked", "Patient", "Marzipan",
)  # fmt: skip
_COMPANY_SECOND = (
    "Heron", "Lantern", "Teapot", "Orchard", "Bicycle", "Otter", "Umbrella", "Accordion", "Windmill", "Hedgehog",
    "Compass", "Suitcase", "Lighthouse", "Typewriter", "Radish", "Ferry", "Pigeon", "Almanac", "Staircase", "Kettle",
)  # fmt: skip
_COMPANY_FORMS = (
    "GmbH", "Ltd", "SARL", "sp. z o.o.", "A.Ş.", "s.r.o.", "Coop", "Institute", "Foundation", "& Daughters",
)  # fmt: skip
COMPANIES = tuple(
    f"{first} {second} {_COMPANY_FORMS[(3 * i + j) % len(_COMPANY_FORMS)]}"
    for i, first in enumerate(_COMPANY_FIRST)
    for j, second in enumerate(_COMPANY_SECOND)
)
"""Companies that do not exist; no two share their first two words."""
STREETS = ("Beispielgasse", "Sample Lane", "Rue de l'Exemple", "ulica Przykładowa", "Örnek Sokak")
POSITIONS = (
    "Data Engineer", "Software Engineer", "Senior Developer", "Product Manager", "Head of Data", "Researcher",
    "Designer", "Analyst", "Librarian", "Student", "Consultant", "Team Lead", "Site Reliability Engineer", "CTO",
    "Founder", "Teacher", "Journalist", "Community Manager", "Technical Writer", "Professor", "Archivist",
)  # fmt: skip
TICKETS = ("Regular", "Regular", "Regular", "Early Bird", "Early Bird", "Student", "Business", "Day Pass", "Online")
BIOS = (
    "{name} is {position} at {company} and has broken production at least once.",
    "By day {position} at {company}, by night {name} repairs radios & writes letters to the editor.",
    "{name} has worked with data since it came on paper tape.\r\nNow: {position}, {company}.",
    "{name} organises a local user group and likes long trains and short meetings.",
)
PARTNER_DESCRIPTIONS = (
    "<p>{company} makes tools that stay out of the way.</p>",
    "<p>{company} &ndash; for people who count things &amp; things that count.</p>",
    "<p>{company} has supported the event since its first year. Visit us for <strong>stickers</strong>!</p>",
)


def title(rng: Random, patterns: tuple[str, ...], subject: str, other: str) -> str:
    """A session's title after one of the patterns."""
    return rng.choice(patterns).format(
        subject=subject, other=other, place=rng.choice(PLACES), audience=rng.choice(AUDIENCES)
    )


def description(rng: Random, style: str, subject: str) -> str | None:
    """A session's description in one of ``DESCRIPTION_STYLES``."""
    opening = rng.choice(OPENINGS).format(subject=subject.lower())
    middles = rng.sample(MIDDLES, 2)
    closing = rng.choice(CLOSINGS)
    if style == "html":
        return f"<p>{opening} {middles[0]}</p>\n<p>{middles[1]} {closing}</p>"
    if style == "entities":
        items = "".join(f"<li>{middle.replace(' and ', ' &amp; ')}</li>" for middle in middles)
        return f"<p>{opening}&nbsp;In short:</p><ul>{items}</ul><p>Bring a &lt;table&gt; &ndash; {closing}</p>"
    if style == "crlf":
        return f"{opening}\r\n\r\n{middles[0]}\r\n{middles[1]}\r\n\r\n{closing}"
    if style == "emoji":
        return f"<p>🚀 {opening} {middles[0]} {closing} 👩🏽‍💻☕️</p>"
    if style == "plain":
        return f"{opening} {middles[0]} {closing}"
    return None
