"""The report of an import, in numbers and words.  Pure."""

from msgspec import Struct, field


class Tally(Struct):
    """Items of one kind."""

    new: int = 0
    changed: int = 0  # they were here with other content, or not whole
    same: int = 0
    failed: int = 0

    @property
    def seen(self) -> int:
        return self.new + self.changed + self.same + self.failed


class Left(Struct, frozen=True):
    """Something that was not taken, and why."""

    what: str
    reason: str


class Report(Struct):
    """The counts of an import; after a dry run, those that it would have."""

    experiments: Tally = field(default_factory=Tally)
    runs: Tally = field(default_factory=Tally)
    logged_models: Tally = field(default_factory=Tally)
    registered_models: Tally = field(default_factory=Tally)
    model_versions: Tally = field(default_factory=Tally)
    evaluation_datasets: Tally = field(default_factory=Tally)
    traces: Tally = field(default_factory=Tally)
    scorers: Tally = field(default_factory=Tally)
    label_schemas: Tally = field(default_factory=Tally)
    review_queues: Tally = field(default_factory=Tally)
    issues: Tally = field(default_factory=Tally)
    records: int = 0  # of evaluation datasets, sent
    points: int = 0  # sent
    files: int = 0
    bytes: int = 0
    seconds: float = 0.0
    by_experiment: dict[str, Tally] = {}  # runs, by the experiment's name
    differences: list[str] = []  # of what was here already, with what became of it
    left_out: list[Left] = []

    def leave(self, what: str, reason: str) -> None:
        self.left_out.append(Left(what, reason))
