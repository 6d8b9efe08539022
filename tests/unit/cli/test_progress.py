"""Lines where there is no terminal, bars where there is one, and never on standard output."""

from __future__ import annotations

import io

from orchestration.reporting.progress import PlainReporter, TerminalReporter, reporter_for


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_say_begin_end_and_count():
    stream = io.StringIO()
    with PlainReporter(stream).step("pull", 3) as step:
        for sender in ("P001", "P002", "420000"):
            step.advance(sender)
        step.say("  ! P002 registrations: 401 Unauthorized")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "pull ... 0/3"
    assert lines[1] == "  ! P002 registrations: 401 Unauthorized"
    assert lines[2].startswith("pull done 3/3, ")
    assert "\x1b" not in stream.getvalue()


def test_a_long_step_shows_that_it_goes_on():
    stream = io.StringIO()
    with PlainReporter(stream, every_seconds=0).step("transform") as step:
        step.of(2)
        step.advance("stg_courses")
        step.advance("dim_course")
    assert stream.getvalue().splitlines()[1:3] == ["transform 1/2 stg_courses", "transform 2/2 dim_course"]


def test_a_short_step_is_two_lines_whatever_its_size():
    stream = io.StringIO()
    with PlainReporter(stream).step("pull", 5000) as step:
        for _ in range(5000):
            step.advance("P001 courses")
    assert len(stream.getvalue().splitlines()) == 2


def test_a_terminal_gets_bars(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    reporter = reporter_for(stream)
    assert isinstance(reporter, TerminalReporter)
    with reporter.step("pull", 2) as step:
        step.advance("P001 [courses]")
        step.say("  ! P002 [bold]registrations: 401")
        step.advance("P002")
    shown = stream.getvalue()
    assert "2/2" in shown
    # A sender's text is never taken for markup.
    assert "! P002 [bold]registrations: 401" in shown


def test_a_pipe_gets_lines():
    assert isinstance(reporter_for(io.StringIO()), PlainReporter)
