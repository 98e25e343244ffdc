"""The configuration and the files that a command line asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradhealth_lint import discovery
from gradhealth_lint.config_files import Configs

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from gradhealth_lint.config import Config
    from gradhealth_lint.limits import Limits


@dataclass(frozen=True, slots=True)
class Project:
    """``config`` is what holds for the whole run, ``configs`` what holds for each file."""

    configs: Configs
    config: Config
    scope: discovery.Scope
    paths: tuple[str, ...]

    def files(self) -> Iterator[tuple[Path, str]]:
        """Each file with its name in findings.

        Raises:
            NoSuchPathError: before anything is yielded.
            ConfigError: a configuration cannot be used.
        """
        return discovery.files(self.paths, self.scope)

    def limits(self, file: Path) -> Limits:
        """The limits that hold for a file.

        Raises:
            ConfigError: its configuration cannot be used.
        """
        return self.configs.of_folder(str(file.parent)).limits


def of(options: argparse.Namespace) -> Project:
    """Read what the options name.

    Raises:
        ConfigError: a configuration cannot be used.
    """
    configs = Configs(options.config, isolated=options.isolated)
    config = configs.of_run(options.paths)
    scope = discovery.Scope(
        configs,
        None if options.exclude is None else tuple(options.exclude),
        tuple(options.extend_exclude or ()),
        respect_gitignore=either(options.respect_gitignore, config.respect_gitignore),
        force_exclude=either(options.force_exclude, config.force_exclude),
    )
    return Project(configs, config, scope, tuple(options.paths))


def either(given: bool | None, configured: bool) -> bool:
    """What the command line says, else what the configuration does."""
    return configured if given is None else given
