"""`metasql clean`: empty the target folder, and touch nothing that cannot be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from metasql.config.document import parse_yaml, read_source
from metasql.config.profiles import PROFILES_FILE, find_profiles, load_target
from metasql.config.project import PROJECT_FILE, SELECTORS_FILE, ProjectConfig
from metasql.config.reader import Render
from metasql.diagnostics import Bag, MetasqlError
from metasql.report.artifacts import remove_target, target_folder


@dataclass(frozen=True)
class Cleaned:
    """Paths relative to the project: what was taken away, and what was left in the target folder."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]


def clean(
    config: ProjectConfig, *, profiles_dir: Path | None, env: Mapping[str, str], home: Path, render: Render
) -> Cleaned:
    """Empty the target folder but for the warehouses of all targets of the profile, and what a person wrote.

    Raises: MetasqlError 011x (the profile cannot be read, so the warehouses are not known),
    MS0153 (the target folder is outside of the project), MS0154 (a file cannot be removed).
    """
    base = target_folder(config)
    if not base.resolve().is_relative_to(config.root.resolve()) or base.resolve() == config.root.resolve():
        raise MetasqlError.of(
            "MS0153",
            f"the target folder `{config.target_path}` leads to `{base.resolve()}`, which is not inside the project",
            help="empty that folder by hand, or make `target-path` a folder of the project",
        )
    profiles = find_profiles(config.root, profiles_dir, env, home)
    keep = [*warehouses(config, profiles, env, home, render), *_written(config)]
    keep += [profiles] if profiles is not None else []
    try:
        removed = remove_target(config.root, config.target_path, keep)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        place = error.filename or base
        raise MetasqlError.of(
            "MS0154", f"`{place}` cannot be removed: {reason}", help="see who owns the file, and run the command again"
        ) from error
    kept = sorted(base.iterdir()) if base.is_dir() else []
    return Cleaned(_relative(config, removed), _relative(config, kept))


def warehouses(
    config: ProjectConfig, profiles: Path | None, env: Mapping[str, str], home: Path, render: Render
) -> list[Path]:
    """The files of the warehouses of every target of the profile.

    A target that cannot be read here (a variable of production is not set) is an error if it
    has a file that is therefore not known; a server is not.
    """
    found: list[Path] = []
    for name, has_files in _targets(config, profiles):
        bag = Bag()
        folder = profiles.parent if profiles is not None else None
        target = load_target(config, profiles_dir=folder, target=name, env=env, home=home, render=render, bag=bag)
        if target is None:
            if has_files:
                bag.raise_errors()
            continue
        options = target.options
        paths = [options.get("path"), *(item["path"] for item in options.get("attach") or ())]
        for path in (Path(str(path)) for path in paths if path and path != ":memory:"):
            found += [path, path.with_name(f"{path.name}.wal"), path.with_name(f"{path.name}.tmp")]
    return found


def _targets(config: ProjectConfig, profiles: Path | None) -> list[tuple[str | None, bool]]:
    """The names of the profile's targets, and whether each names files. One None where none can be read."""
    bag = Bag()
    source = read_source(profiles, PROFILES_FILE, bag) if profiles is not None else None
    document = parse_yaml(source, bag) if source is not None else None
    profile = document.get(str(config.profile)) if document is not None else None
    outputs = profile.get("outputs") if profile is not None else None
    entries = outputs.entries if outputs is not None else ()
    named = [(key.raw, any(node.get(word) is not None for word in ("path", "attach"))) for key, node in entries]
    return [*named] or [(None, True)]


def _written(config: ProjectConfig) -> list[Path]:
    """What people write, should it be in the target folder all the same."""
    paths = (*config.model_paths, *config.macro_paths, *config.seed_paths, *config.test_paths)
    return [config.root / path for path in (*paths, PROJECT_FILE, SELECTORS_FILE)]


def _relative(config: ProjectConfig, paths: list[Path]) -> tuple[str, ...]:
    return tuple(path.relative_to(config.root).as_posix() for path in paths)
