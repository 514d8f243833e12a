"""The command ``readiness``. Each command's module is imported only when it runs, so that starting is quick."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from readiness import __version__
from readiness.errors import ReadinessError

COMMANDS = {
    "check": "Judge a repository, its resources and its evidence against the 25 items.",
    "manifests": "Judge Kubernetes manifests: files, folders, or - for a stream.",
    "preview": "Judge what Pulumi programs would make.",
    "evidence": "Keep evidence of drills, load tests, restores and scans, and verify it.",
    "waive": "Write down that somebody answers for a gap until a date.",
    "catalogue": "List every control: what it demands, why, and what to do.",
}


class Commands(click.Group):
    """Commands by name, each in a module of ``readiness.commands``."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"readiness.commands.{name}").command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):  # from the table, so that --help imports none of them
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="readiness")
def cli() -> None:
    """Judges whether a machine-learning service is fit for production. What is unknown never counts as a yes.

    Exit code: 0 ready, 1 not ready, 2 could not judge.
    """


def main() -> None:
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Exit as exit:
        code = exit.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except click.Abort:
        code = 130
    except ReadinessError as error:
        click.echo(f"readiness: {error}", err=True)
        code = 2
    sys.exit(code)


if __name__ == "__main__":
    main()
