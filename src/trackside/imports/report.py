"""The report of an import.  Pure."""

from msgspec import Struct, field


class Tally(Struct):
    """Items of one kind."""

    new: int = 0
    changed: int = 0  # existing items with other content, or incomplete ones
    same: int = 0
    failed: int = 0

    @property
    def seen(self) -> int:
        return self.new + self.changed + self.same + self.failed


class Skipped(Struct, frozen=True):
    """An item that was not imported, and the reason."""

    what: str
    reason: str


class Report(Struct):
    """The counts of an import; of a dry run, the expected ones."""

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
    differences: list[str] = []  # of existing items, with the action taken
    left_out: list[Skipped] = []

    def leave(self, what: str, reason: str) -> None:
        self.left_out.append(Skipped(what, reason))
