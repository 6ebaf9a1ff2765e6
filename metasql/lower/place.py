"""Trees whose tables lie elsewhere: under a name of the session, or in a table that will take their place."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from metasql.lower.dialect import Dialect
from metasql.lower.render import Renderer
from metasql.names import Relation
from metasql.plan.sql import table


class Placing(Renderer):
    """Renders with some tables put in the place of others; columns go on naming them as before."""

    def __init__(
        self, dialect: Dialect, temporary: Mapping[str, Relation], replaced: Mapping[Relation, Relation]
    ) -> None:
        super().__init__(dialect)
        self.temporary = temporary
        self.replaced = replaced
        self.ways = {**self.ways, exp.Table: lambda _, tree: self.placed(tree)}

    def placed(self, tree: exp.Expr) -> exp.Expr:
        other = self.other(tree)
        if other is None:
            return self.node(tree)
        place = table(other)
        given = {**tree.args, "this": place.this, "db": place.args["db"], "catalog": None}
        if not tree.args.get("alias") and not tree.args.get("db"):
            given["alias"] = exp.TableAlias(this=exp.to_identifier(tree.name))
        return self.node(exp.Table(**{key: value for key, value in given.items() if value is not None}))

    def other(self, tree: exp.Expr) -> Relation | None:
        """The table to read in the place of another."""
        db = tree.args.get("db")
        if db is None:
            return self.temporary.get(tree.name)
        return self.replaced.get(Relation(tree.text("db"), tree.name)) if self.replaced else None
