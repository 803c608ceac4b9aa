"""What a document says, apart from its format."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """A paragraph; ``level`` makes it a heading, ``address`` a link around all of it, ``bullet`` a list item."""

    text: str
    level: int = 0
    address: str = ""
    bullet: bool = False


@dataclass(frozen=True)
class Grid:
    """A table: (row, column, row span, column span, text) of each cell."""

    cells: tuple[tuple[int, int, int, int, str], ...]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return max(row + span for row, _, span, _, _ in self.cells)

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return max(column + span for _, column, _, span, _ in self.cells)

    @staticmethod
    def of(*rows: tuple[str, ...]) -> Grid:
        """A plain table."""
        return Grid(tuple((y, x, 1, 1, text) for y, row in enumerate(rows) for x, text in enumerate(row)))


@dataclass(frozen=True)
class Content:
    """A document."""

    blocks: tuple[Line | Grid, ...]
    title: str = ""  # in the properties
    changed: str = ""  # 2026-03-01, in the properties
    header: str = ""  # repeated on each page
    note: str = ""  # a footnote to the first paragraph
    hidden: str = ""  # a hidden comment, or hidden text
    box: str = ""  # a text box
    extra: dict[str, bytes] = field(default_factory=dict)  # further entries of a zip or streams


#: The head has two rows: "수수료" stands over two columns, "종류" and "대상" beside it over two rows; "복수여권" reaches over two rows.
FEES = Grid(
    (
        (0, 0, 2, 1, "종류"),
        (0, 1, 2, 1, "기간"),
        (0, 2, 1, 2, "수수료"),
        (1, 2, 1, 1, "국내"),
        (1, 3, 1, 1, "재외공관"),
        (2, 0, 2, 1, "복수여권"),
        (2, 1, 1, 1, "10년"),
        (2, 2, 1, 1, "50,000원"),
        (2, 3, 1, 1, "50달러"),
        (3, 1, 1, 1, "5년"),
        (3, 2, 1, 1, "42,000원"),
        (3, 3, 1, 1, "42달러"),
        (4, 0, 1, 1, "긴급여권"),
        (4, 1, 1, 1, "1년"),
        (4, 2, 1, 1, "48,000원"),
        (4, 3, 1, 1, "48달러"),
    )
)


def notice(title: str = "여권 발급 수수료 변경 안내", number: int = 0) -> Content:
    """A notice on fees as a ministry writes it."""
    return Content(
        blocks=(
            Line(title),
            Line("게시일: 2026. 3. 1."),
            Line("수수료", level=1),
            Line(f"2026년 3월 1일부터 여권 발급 수수료가 아래와 같이 바뀝니다. 접수 번호는 {number}번입니다."),
            FEES,
            Line("준비물", level=1),
            Line("여권용 사진 한 장", bullet=True),
            Line("신분증", bullet=True),
            Line("자세한 내용은 누리집에서 확인하십시오.", address="https://www.example.go.kr/passport?a=1"),
        ),
        title="옛 문서의 제목",
        changed="2026-03-02",
        header="외교부 영사안전국",
        note="단수여권은 제외합니다.",
        hidden="검토자: 이 줄은 지울 것",
        box="문의 02-0000-0000",
    )
