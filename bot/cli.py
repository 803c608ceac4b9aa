"""The ``gildongmu`` command. Heavy parts are imported by the command that needs them, so that every other one starts at once."""

from __future__ import annotations

import getpass
import os
import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from bot import sandbox as training
from bot.setup import EVALUATIONS
from core.clock import now
from core.errors import StartError
from core.settings import Settings
from knowledge_base.opendata.catalogue import SERVICES as OPENDATA
from language.categories import Category


class Plain(click.Group):
    """Turns a failure to start into one plain sentence and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except StartError as error:
            click.echo(f"gildongmu: {error}", err=True)
            sys.exit(2)


@click.group(cls=Plain, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Gildongmu (길동무): a consular chatbot with human handoff."""
    from bot.supervisor import ONE_THREAD

    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)  # before anything loads numpy


def data_dir_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--data-dir``, for every command that keeps state."""
    return click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="folder of the database, keys and uploads (default: var)")(function)


def listen_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--host``, ``--port`` and the certificate."""
    for option in (
        click.option("--tls-key", type=click.Path(path_type=Path), default=None, help="key of the certificate"),
        click.option("--tls-cert", type=click.Path(path_type=Path), default=None, help="certificate; browsers give a place only over https"),
        click.option("--port", type=int, default=None, help="port to listen on (default: 8080)"),
        click.option("--host", default=None, help="address to listen on (default: 127.0.0.1)"),
    ):
        function = option(function)
    return function


def configured(**options: Any) -> Settings:
    """The settings with the command line's options on top; given a sandbox's folder, a sandbox's settings."""
    current = _settings(options)
    if training.is_marked(current.data_dir) and not current.sandbox:
        current = _settings(options | {"sandbox": True})
    training.check_database(current)
    return current


def role(**options: Any) -> Settings:
    """The settings of a long-running role: it must be told which kind of folder it works on, and the database may be the supervisor's."""
    current = _settings(options)
    training.check_role(current)
    return current


def practice(**options: Any) -> Settings:
    """The settings of a training sandbox that is there, and of nothing else."""
    current = configured(**{"data_dir": training.FOLDER} | {name: value for name, value in options.items() if value is not None})
    if not current.sandbox:
        raise StartError(f"{current.data_dir} is not a training sandbox's folder: `gildongmu serve --sandbox` makes one.")
    return current


def real(**options: Any) -> Settings:
    """The settings for what must never cross between practice and real work: a backup."""
    current = configured(**options)
    if current.sandbox:
        raise StartError("A training sandbox has no backups, and real people's data never goes into one.")
    return current


def _settings(options: dict[str, Any]) -> Settings:
    given = {name: value for name, value in options.items() if value is not None}
    if given.get("data_dir"):
        given["data_dir"] = Path(given["data_dir"]).resolve()
    try:
        current = Settings(**given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
        raise StartError(f"A setting is wrong ({wrong}).") from error
    if bool(current.tls_cert) != bool(current.tls_key):
        raise StartError("Give both --tls-cert and --tls-key, or neither.")
    if current.tls_cert:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(current.tls_cert, current.tls_key)
        except OSError as error:
            raise StartError(f"The certificate {current.tls_cert} and its key cannot be used ({error.strerror or error}).") from error
    return current


@main.command()
@listen_options
@click.option("--sandbox", is_flag=True, default=None, help="a place for training: a folder of its own, nothing goes out, every page says so")
@data_dir_option
def serve(**options: Any) -> None:
    """Run everything: database, web, worker, Rasa; prints ``ready http://…``."""
    from bot import supervisor

    current = _settings(options)
    if current.sandbox:
        if "data_dir" not in current.model_fields_set:
            current = _settings(options | {"data_dir": training.FOLDER})
        training.check_database(current)
        training.take(current.data_dir)
    training.check_role(current)
    supervisor.serve(current)


@main.command()
@listen_options
@data_dir_option
def web(**options: Any) -> None:
    """The web role: channels, citizens' pages, staff pages, action route."""
    from bot import roles

    roles.run_web(role(**options))


@main.command()
@listen_options
@data_dir_option
def desk(**options: Any) -> None:
    """The desk role: staff pages alone."""
    from bot import roles

    roles.run_desk(role(**options))


@main.command()
@listen_options
@data_dir_option
def worker(**options: Any) -> None:
    """The worker role: triage, turns, timers; supervises one Rasa."""
    from bot import roles

    roles.run_worker(role(**options))


@main.group()
def sandbox() -> None:
    """Sample cases for training, and a clean start."""


@sandbox.command("samples")
@click.option("--kind", "kinds", multiple=True, type=click.Choice([category.value for category in Category]), help="only this kind; may be repeated")
@click.option("--if-new", is_flag=True, help="nothing, unless nobody has ever written there")
@data_dir_option
def sandbox_samples(kinds: tuple[str, ...], if_new: bool, **options: Any) -> None:
    """Bring sample cases into the sandbox, one of every kind."""
    from bot import sandbox_command

    sys.exit(sandbox_command.bring(practice(**options), sys.stdout, kinds, only_if_new=if_new))


@sandbox.command("reset")
@click.option("--empty", is_flag=True, help="bring no sample cases afterwards")
@data_dir_option
def sandbox_reset(empty: bool, **options: Any) -> None:
    """Take all citizens and cases away, and bring the sample cases anew; accounts, notices and the access log stay."""
    from bot import sandbox_command

    sys.exit(sandbox_command.reset(practice(**options), sys.stdout, is_empty=empty))


@main.command()
def setup() -> None:
    """Build what the machine needs once: the encoder and the dialogue model."""
    from bot import setup as steps

    steps.run()


@main.command()
def triage() -> None:
    """JSONL {id,text[,lang,country]} → {id,urgency,category,action,score,reasons}."""
    from bot import stateless

    sys.exit(stateless.triage(sys.stdin.buffer, sys.stdout))


@main.command()
@data_dir_option
def ask(**options: Any) -> None:
    """JSONL {id,text[,country]} → one stateless turn: triage → intents → search."""
    from bot import stateless

    sys.exit(stateless.ask(sys.stdin.buffer, sys.stdout, configured(**options), given=options["data_dir"] is not None))


@main.group()
def kb() -> None:
    """The knowledge base: import, search, publish, list, history, test questions, open data."""


@kb.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@data_dir_option
def kb_import(paths: tuple[Path, ...], **options: Any) -> None:
    """Import files and folders: jsonl and md as notices, html, pdf, docx, hwp, hwpx and csv as drafts."""
    from bot import commands

    sys.exit(commands.kb_import(configured(**options), paths, sys.stdout, sys.stderr))


@kb.command("search")
@data_dir_option
def kb_search(**options: Any) -> None:
    """JSONL {id,text[,country,at]} → {id,hits:[{notice_id,score,passage}]}."""
    from bot import commands

    sys.exit(commands.kb_search(configured(**options), sys.stdin.buffer, sys.stdout))


@kb.command("publish")
@click.argument("notice_ids", nargs=-1, required=True)
@data_dir_option
def kb_publish(notice_ids: tuple[str, ...], **options: Any) -> None:
    """Publish drafts by id."""
    from bot import commands

    sys.exit(commands.kb_publish(configured(**options), notice_ids, sys.stdout))


@kb.command("list")
@data_dir_option
def kb_list(**options: Any) -> None:
    """List notices, a JSON object each."""
    from bot import commands

    sys.exit(commands.kb_list(configured(**options), sys.stdout))


@kb.command("history")
@click.argument("notice_id")
@data_dir_option
def kb_history(notice_id: str, **options: Any) -> None:
    """Who did what with which version of a notice, a JSON object each."""
    from bot import commands

    sys.exit(commands.kb_history(configured(**options), notice_id, sys.stdout))


@kb.command("diff")
@click.argument("notice_id")
@click.argument("old", type=int)
@click.argument("new", type=int)
@data_dir_option
def kb_diff(notice_id: str, old: int, new: int, **options: Any) -> None:
    """What differs between two versions of a notice, a JSON object for each field."""
    from bot import commands

    sys.exit(commands.kb_diff(configured(**options), notice_id, old, new, sys.stdout))


@kb.command("revert")
@click.argument("notice_id")
@click.argument("to_version", type=int)
@data_dir_option
def kb_revert(notice_id: str, to_version: int, **options: Any) -> None:
    """Make an old text the newest draft; `kb publish` publishes it."""
    from bot import commands

    sys.exit(commands.kb_revert(configured(**options), notice_id, to_version, sys.stdout))


@kb.command("questions")
@click.argument("notice_id", required=False)
@click.option("--check", "checks", is_flag=True, help="ask them; exit code 1 if one is not answered by its own notice")
@data_dir_option
def kb_questions(notice_id: str | None, checks: bool, **options: Any) -> None:
    """Test questions of one notice, or of all, a JSON object each."""
    from bot import commands

    sys.exit(commands.kb_questions(configured(**options), notice_id, checks, sys.stdout))


@kb.command("sync")
@click.option("--service", "names", multiple=True, type=click.Choice(OPENDATA), help="only this one; may be given several times")
@click.option("--apply", "applies", is_flag=True, help="make it true; without it, what changed is only shown")
@click.option("--by", default=None, help="who applies it (default: the account at the terminal)")
@click.option("--accept-losses", "accepts_losses", is_flag=True, help="apply although more than half of the rows are gone")
@data_dir_option
def kb_sync(names: tuple[str, ...], applies: bool, by: str | None, accepts_losses: bool, **options: Any) -> None:
    """Fetch the ministry's open data and show what changed, a JSON object each."""
    from bot import commands

    sys.exit(commands.kb_sync(configured(**options), names, sys.stdout, applies=applies, by=by, accepts_losses=accepts_losses))


@kb.command("confirm")
@click.argument("change_id", type=int, required=False)
@click.option("--by", default="", help="who confirms it: another person than the one who applied it")
@click.option("--refuse", "refuses", is_flag=True, help="the alarm stands")
@data_dir_option
def kb_confirm(change_id: int | None, by: str, refuses: bool, **options: Any) -> None:
    """Confirm that an alarm has fallen or gone, as the second person; without an id, list what waits."""
    from bot import commands

    if change_id is not None and not by.strip():
        raise click.UsageError("Say who confirms it: --by NAME.")
    sys.exit(commands.kb_confirm(configured(**options), change_id, by, refuses, sys.stdout))


@main.command()
@click.argument("what", type=click.Choice(["triage", "dialogue", "encoder"]))
@click.option("--seed", default=20261122, show_default=True)
@click.option("--everyday", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None, help="a folder with 3i4K: real harmless sentences")
@click.option("--with", "more", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None, help="triage: labels of `review export` as well")
@click.option("--thresholds", is_flag=True, help="triage: only set the thresholds anew, as after a change of rules")
def train(what: str, seed: int, everyday: Path | None, more: Path | None, thresholds: bool) -> None:
    """Train a model reproducibly; writes models/ with its card."""
    from bot import setup as steps

    if thresholds and (what != "triage" or more is not None):
        raise click.UsageError("--thresholds is for triage, without --with.")
    steps.train(what, seed, everyday, more, thresholds)


@main.group()
def staff() -> None:
    """Staff accounts."""


@staff.command("invite")
@click.option("--role", "roles", multiple=True, type=click.Choice(["agent", "officer", "editor", "supervisor", "admin"]), default=("agent",), show_default=True)
@data_dir_option
def staff_invite(roles: tuple[str, ...], **options: Any) -> None:
    """Print a one-time link with which a colleague makes an account."""
    from bot import commands

    sys.exit(commands.staff_invite(configured(**options), roles, sys.stdout))


@staff.command("seat")
@click.argument("login")
@click.argument("mission")
@click.option("--email", default="", help="where the officer is told of cases, by number alone")
@data_dir_option
def staff_seat(login: str, mission: str, email: str, **options: Any) -> None:
    """Seat an officer's account at a mission, by its name in the directory (주캄보디아대사관)."""
    from bot import commands

    sys.exit(commands.staff_seat(configured(**options), login, mission, email, sys.stdout))


@main.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@data_dir_option
def backup(target: Path, **options: Any) -> None:
    """Write one file with the database and its keys, sealed with a passphrase; the program may be running."""
    from bot import operation

    sys.exit(operation.write_backup(real(**options), target.resolve(), sys.stdout))


@main.command()
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--replace", "replaces", is_flag=True, help="put it in the place of a database that is not empty")
@data_dir_option
def restore(source: Path, replaces: bool, **options: Any) -> None:
    """Bring a backup back while the program is stopped; whoever was erased since stays erased."""
    from bot import operation

    sys.exit(operation.restore(real(**options), source.resolve(), sys.stdout, replaces=replaces))


@main.command()
@click.option("--conversation", default="", help="id of a conversation")
@click.option("--case", "number", type=int, default=None, help="number of a case")
@click.option("--visitor", default="", help="the citizen's id on their channel, as the platform or the table has it")
@click.option("--confirm", "confirmed", is_flag=True, help="erase; without it, what would be erased is only shown")
@click.option("--by", default="", help="who erases, for the access log (default: the account at the terminal)")
@data_dir_option
def erase(conversation: str, number: int | None, visitor: str, confirmed: bool, by: str, **options: Any) -> None:
    """Erase a citizen: every word, place and link; refused while a case is open or under a legal hold."""
    from bot import operation

    if not (conversation or number is not None or visitor):
        raise click.UsageError("Say whom: --conversation, --case or --visitor.")
    who = by.strip() or f"terminal:{getpass.getuser()}"
    sys.exit(operation.erase(configured(**options), sys.stdout, conversation=conversation, case=number, visitor=visitor, confirmed=confirmed, by=who))


@main.command()
@click.option("--channel", default="webchat", show_default=True, help="webchat, phone, or a messenger that the running program is connected to")
@click.option("--wait", "wait_s", type=click.FloatRange(min=1), default=300, show_default=True, help="seconds to watch it")
@click.option("--list", "lists", is_flag=True, help="list the last drills instead")
@data_dir_option
def drill(channel: str, wait_s: float, lists: bool, **options: Any) -> None:
    """Start a drill on the running program and time it; one JSON object on the last line; exit code 1 if nobody claimed it."""
    from bot import drill_command

    current = configured(**options)
    sys.exit(drill_command.show(current, sys.stdout) if lists else drill_command.drill(current, sys.stdout, channel=channel, wait_s=wait_s))


@main.command()
@click.argument("name", type=click.Choice(EVALUATIONS))
@click.option("--everyday", type=click.Path(exists=True, path_type=Path), default=None, help="triage only: a folder with a copy of 3i4K, for false alarms")
@click.option("--save", is_flag=True, help="also write the figures into the model card")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), default=None, help="triage only: by labels of real messages since this day (UTC), and drift")
@click.option(
    "--framework",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="search only: a Python with requirements/framework.in, to compare with Haystack's hybrid retriever",
)
@data_dir_option
def evaluate(name: str, since: datetime | None, everyday: Path | None, save: bool, framework: Path | None, **options: Any) -> None:
    """Evaluate on held-out data, or (--since) on use; one JSON object on the last line."""
    if framework is not None and name != "search":
        raise click.UsageError("--framework is for search.")
    if everyday is not None and name not in ("triage", "comparison"):
        raise click.UsageError("--everyday is for triage and comparison.")
    if since is not None:
        from bot import commands

        if name != "triage":
            raise click.UsageError("--since is for triage: only its decisions are reviewed.")
        if since.replace(tzinfo=UTC) > now():
            raise click.UsageError("--since lies in the future.")
        sys.exit(commands.evaluate_since(configured(**options), since.replace(tzinfo=UTC), sys.stdout))
    from bot import setup as steps

    steps.evaluate(name, everyday, save, framework)


@main.group()
def review() -> None:
    """What staff have judged of triage."""


@review.command("export")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="file to write, in a folder of your own")
@data_dir_option
def review_export(out: Path, **options: Any) -> None:
    """Accepted labels as JSONL of the triage corpus, redacted."""
    from bot import commands

    sys.exit(commands.review_export(configured(**options), out, sys.stdout))


@review.command("figures")
@data_dir_option
def review_figures(**options: Any) -> None:
    """Missed danger by the last blind samples, beside the written figure; one JSON object."""
    from bot import commands

    sys.exit(commands.review_figures(configured(**options), sys.stdout))


@main.command()
@click.argument("name", type=click.Choice(["turn", "danger", "triage", "import", "retrieve", "publish", "queue", "realtime", "channels", "surge"]))
@click.option("--seconds", default=20, show_default=True, help="length of each measured phase")
def bench(name: str, seconds: int) -> None:
    """Benchmarks; one JSON object on the last line."""
    import importlib

    sys.exit(importlib.import_module(f"bench.{'imports' if name == 'import' else name}").main(seconds))


if __name__ == "__main__":
    main()
