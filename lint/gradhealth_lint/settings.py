"""What holds for each file: the command line over the nearest configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradhealth_lint import selection
from gradhealth_lint.config import TABLE, ConfigError
from gradhealth_lint.engine import Settings
from gradhealth_lint.globs import Patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.config import Config
    from gradhealth_lint.config_files import Configs
    from gradhealth_lint.rules.listed import Listed
    from gradhealth_lint.rules.rule import Rule
    from gradhealth_lint.selection import Choice


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says about findings; None leaves it to the configuration."""

    choice: Choice
    require_reason: bool | None = None


class SettingsOf:
    """The settings of files, made once for all that share them."""

    def __init__(self, rules: Sequence[Rule | Listed], configs: Configs, given: Given) -> None:
        self._rules = rules
        self._known = frozenset(rule.code for rule in rules)
        self._configs = configs
        self._given = given
        self._made: dict[tuple[int, frozenset[str]], Settings] = {}
        self._ignores: dict[int, tuple[tuple[Patterns, bool, tuple[str, ...]], ...]] = {}
        selection.select(rules, [given.choice])

    def of(self, file: str) -> Settings:
        """The settings of a file, by its absolute name.

        Raises:
            ConfigError: its configuration cannot be used.
        """
        config = self._configs.of_folder(os.path.dirname(file))
        ignored = self._ignored(config, file)
        key = (id(config), ignored)
        if key not in self._made:
            self._made[key] = self._settings(config, ignored)
        return self._made[key]

    def _settings(self, config: Config, ignored: frozenset[str]) -> Settings:
        said = selection.Choice(config.select, config.extend_select, config.ignore)
        try:
            chosen = selection.select(self._rules, [self._given.choice, said])
        except selection.UnknownCodeError as error:
            raise ConfigError(f"{config.file}: [{TABLE}] {error}") from None
        without = selection.Choice(ignored=tuple(ignored))
        required = self._given.require_reason
        return Settings(
            tuple(rule for rule in chosen.rules if without.says(rule.code) is None),
            config.limits,
            report_unreadable=chosen.unreadable and without.says(selection.UNREADABLE) is None,
            report_unused=chosen.unused and without.says(selection.UNUSED) is None,
            require_reason=config.require_ignore_reason if required is None else required,
            known=self._known,
        )

    def _ignored(self, config: Config, file: str) -> frozenset[str]:
        """The codes that the configuration ignores in one file."""
        if not config.per_file_ignores:
            return frozenset()
        if id(config) not in self._ignores:
            self._ignores[id(config)] = tuple(self._patterns(config))
        path = os.path.relpath(file, config.root).replace(os.sep, "/")
        return frozenset(
            code
            for patterns, inverted, codes in self._ignores[id(config)]
            if _fits(patterns, path) is not inverted
            for code in codes
        )

    def _patterns(self, config: Config) -> list[tuple[Patterns, bool, tuple[str, ...]]]:
        made = []
        for pattern, codes in config.per_file_ignores:
            try:
                selection.check(self._rules, codes)
            except selection.UnknownCodeError as error:
                key = f"per-file-ignores {pattern!r}"
                raise ConfigError(f"{config.file}: [{TABLE}] {key}: {error}") from None
            inverted = pattern.startswith("!")
            made.append((Patterns([pattern.removeprefix("!")]), inverted, codes))
        return made


def _fits(patterns: Patterns, path: str) -> bool:
    """Whether a file, or a folder it is in, fits."""
    parts = path.split("/")
    folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return patterns.decide(path) is True or any(
        patterns.decide(folder, folder=True) is True for folder in folders
    )
