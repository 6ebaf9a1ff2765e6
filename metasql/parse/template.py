"""Jinja: templates to text, with the way back for every line. The only file that knows Jinja.

The environment is sandboxed and has no loader. Macros of all macro files are visible in every
template; they are bound to the template that calls them only when their name is looked up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro, StrictUndefined
from jinja2.sandbox import MAX_RANGE, ImmutableSandboxedEnvironment
from jinja2.utils import missing, pass_context

from metasql.diagnostics import Bag, MetasqlError
from metasql.parse import mistakes
from metasql.parse.bounds import Rounds, one_line_end, refuse_function, refuse_large, trace
from metasql.parse.built_in import BUILT_IN
from metasql.parse.sites import TABLE, Compiled, LineTable, Namespace, Refusal, Returned, Site, TestMacro, failed, find
from metasql.source import LineMap, Source, Span, Word

_F = TypeVar("_F", bound=Callable[..., Any])
_JINJA_TAG = re.compile(r"\{[{%#]")
_DEFINES = re.compile(r"\{%[-+]?\s*(?:macro|test)\s+(\w+)")


def with_macros(function: _F) -> _F:
    """Mark a function that takes, first, something whose `macro(name)` looks a macro up."""
    return pass_context(function)


class _Silenced(Exception):
    """What is missing was reported elsewhere already."""


class _Unknown(UndefinedError):
    """A name, an attribute or an item that is not there."""

    def __init__(self, message: str, name: Any, owner: Any) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner


class _Unsupported(TemplateSyntaxError):
    """A tag that metasql does not have; the message is its name."""


class _Unclosed(TemplateSyntaxError):
    """A tag that is never closed; the message is its name."""


class _Undefined(StrictUndefined):
    """Fails on any use but `is defined` and `default`, and knows what it was to be."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: Any = None, exc: Any = UndefinedError
    ) -> None:
        if exc is UndefinedError and hint is None:
            super().__init__(hint, obj, name, lambda message: _Unknown(message, name, obj))  # type: ignore[arg-type]
        else:
            super().__init__(hint, obj, name, exc)

    def __repr__(self) -> str:
        """A list that holds it cannot be put out either."""
        return str(self)


class _Parser(Parser):
    """Refuses the tags that need a loader, and remembers where tags were opened."""

    def __init__(self, environment: _Environment, source: str) -> None:
        super().__init__(environment, source)
        self.tests: list[nodes.Macro] = []
        self._opened: list[tuple[str, int]] = []

    def parse_statement(self) -> nodes.Node | list[nodes.Node]:
        token = self.stream.current
        if token.value in mistakes.TAGS:
            raise _Unsupported(token.value, token.lineno)
        self._opened.append((token.value, token.lineno))
        node = super().parse_statement()
        self._opened.pop()
        return node

    def fail_eof(self, end_tokens: tuple[str, ...] | None = None, lineno: int | None = None) -> Any:  # noqa: ARG002
        raise _Unclosed(*self._opened[-1])


class _TestTag(Extension):
    """`{% test name(model, column_name) %} ... {% endtest %}`: a generic test."""

    tags = frozenset({"test"})  # type: ignore[assignment]

    def parse(self, parser: Parser) -> list[nodes.Node]:
        assert isinstance(parser, _Parser)
        test = nodes.Macro(lineno=next(parser.stream).lineno)
        test.name = parser.parse_assign_target(name_only=True).name
        parser.parse_signature(test)
        test.body = parser.parse_statements(("name:endtest",), drop_needle=True)
        parser.tests.append(test)
        return []


class _Generator(CodeGenerator):
    """Puts out each piece of the template on a line of code of its own, so that lines can be traced."""

    def __init__(self, environment: _Environment) -> None:
        super().__init__(environment, None, None)
        self.data_lines: set[int] = set()

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:
        if frame.buffer is not None:
            super().visit_Output(node, frame)
            return
        finalize = self._make_finalize()
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                self.writeline(f"yield {child.data!r}", child)
                self.data_lines.add(self.code_lineno)
                continue
            self.writeline("yield ", child)
            self._output_child_pre(child, frame, finalize)
            self.visit(child, frame)
            self._output_child_post(child, frame, finalize)

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        """Every loop counts its rounds, so that none is without end."""
        counted = nodes.EnvironmentAttribute("counted", lineno=node.iter.lineno)
        node.iter = nodes.Call(counted, [node.iter], [], None, None, lineno=node.iter.lineno)
        super().visit_For(node, frame)

    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        self.write("environment.returning(")
        super().macro_def(macro_ref, frame)
        self.write(")")


class _Macro:
    """A macro whose `return(value)` gives a value rather than text."""

    def __init__(self, macro: Macro) -> None:
        self._macro = macro
        self.name = macro.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._macro(*args, **kwargs)
        except Returned as returned:
            return returned.value


class _Context(Context):
    """The names of one running template: its own, those given to it, and all macros."""

    run: _Run

    def resolve_or_missing(self, key: str) -> Any:
        value = super().resolve_or_missing(key)
        return self.run.look_up(key) if value is missing else value

    def macro(self, name: str) -> Callable[..., Any] | None:
        """The macro of a name, for `adapter.dispatch`."""
        found = self.run.macro(name)
        return None if found is missing else found

    def macro_names(self) -> list[str]:
        return sorted(self.run.templates.macros)


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox. Lists and dicts that a template made may change; what is given to it are copies."""

    context_class = _Context
    intercepted_binops = frozenset(["*", "**"])

    def __init__(self) -> None:
        super().__init__(
            extensions=["jinja2.ext.do", _TestTag],
            undefined=_Undefined,
            finalize=refuse_function,
            keep_trailing_newline=True,
        )
        self.returning = _Macro
        for name in ("random", "pprint", "urlize", "xmlattr", "forceescape"):
            del self.filters[name]
        self.filters["tojson"] = lambda value, indent=None: json.dumps(value, indent=indent, ensure_ascii=False)
        self.names: dict[str, Any] = {
            name: self.globals[name] for name in ("range", "dict", "namespace", "cycler", "joiner")
        }

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if type(obj) in (list, dict):
            return not attr.startswith("_")
        return super().is_safe_attribute(obj, attr, value)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(__obj, _Macro):
            for value in (*args, *kwargs.values()):
                if isinstance(value, _Undefined):
                    value._fail_with_undefined_error()
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        refuse_large(operator, left, right)
        return super().call_binop(context, operator, left, right)

    @staticmethod
    @pass_context
    def counted(context: _Context, items: Iterable[Any]) -> Iterator[Any]:
        """The items of a loop, as long as the rounds last."""
        return context.run.rounds.count(items)


class _Run:
    """One rendering: the names given, the macro files bound to it so far, the rounds that are left."""

    def __init__(self, templates: Templates, names: Mapping[str, Any]) -> None:
        self.templates = templates
        self.names = {**templates.environment.names, **names}
        self._bound: dict[Compiled, dict[str, Any]] = {}
        self.rounds = Rounds()

    def context(self, compiled: Compiled) -> _Context:
        context = _Context(self.templates.environment, self.names, compiled.source.path, {})
        context.run = self
        return context

    def look_up(self, name: str) -> Any:
        if name == self.names.get("project_name"):
            return Namespace(self.templates.macros, self.macro)
        return self.macro(name)

    def macro(self, name: str) -> Any:
        compiled = self.templates.macros.get(name)
        if compiled is None:
            if name in self.templates.broken:
                raise _Silenced
            return missing
        if compiled not in self._bound:
            context = self.context(compiled)
            self._bound[compiled] = context.vars
            for _ in compiled.root(context):
                pass
        return self._bound[compiled].get(name, missing)


class Templates:
    """The macros of a project, and every template that was compiled, each once."""

    def __init__(self, macro_sources: Sequence[Source], bag: Bag) -> None:
        self.environment = _Environment()
        self.macros: dict[str, Compiled] = {}
        self.tests: dict[str, TestMacro] = {}
        self.broken: set[str] = set()
        self._compiled: dict[Source, Compiled | None] = {}
        self._values: dict[str, Source] = {}
        places: dict[tuple[str, str], Span] = {}
        for source in (BUILT_IN, *macro_sources):
            self._add_macros(source, places, bag)

    def _add_macros(self, source: Source, places: dict[tuple[str, str], Span], bag: Bag) -> None:
        compiled = self._compile(source, bag)
        if compiled is None:
            self.broken.update(_DEFINES.findall(source.text))
            return
        for name, line in compiled.macros:
            if mistakes.may_define("macro", name, Site(source, line), places, bag):
                self.macros[name] = compiled
        for test in compiled.tests:
            if mistakes.may_define("test", test.name, Site(source, test.lineno), places, bag):
                self.tests[test.name] = self._test(source, test)

    def _test(self, source: Source, test: nodes.Macro) -> TestMacro:
        """A test's body becomes a template of its own, so that its lines can be traced."""
        defaults = dict(zip([arg.name for arg in test.args[::-1]], test.defaults[::-1], strict=False))
        body: list[nodes.Node] = []
        for name, default in defaults.items():
            given = nodes.Test(nodes.Name(name, "load"), "defined", [], [], None, None)
            value = nodes.CondExpr(given, nodes.Name(name, "load"), default)
            body.insert(0, nodes.Assign(nodes.Name(name, "store"), value))
        template = nodes.Template([*body, *test.body], lineno=test.lineno)
        for node in body:
            node.set_lineno(test.lineno)
        template.set_environment(self.environment)
        parameters = tuple(arg.name for arg in test.args)
        span = find(Site(source, test.lineno), test.name) or source.line_span(test.lineno)
        required = tuple(name for name in parameters if name not in defaults)
        return TestMacro(test.name, span, parameters, required, self._build(source, template, ()))

    def render(self, source: Source, context: Mapping[str, Any], bag: Bag) -> LineMap | None:
        """The text of a template, or None when it has mistakes, which are in the bag then."""
        if _JINJA_TAG.search(source.text) is None:
            text = one_line_end(source.text)
            return LineMap(source, text, tuple(range(1, text.count("\n") + 2)))
        compiled = self._compile(source, bag)
        return None if compiled is None else self._execute(compiled, context, bag)

    def render_test(self, test: TestMacro, context: Mapping[str, Any], bag: Bag) -> LineMap | None:
        """The text of a generic test; its arguments are among the names of the context."""
        return self._execute(test.compiled, context, bag)

    def render_value(self, word: Word, context: Mapping[str, Any], bag: Bag) -> str | None:
        """A text from YAML, rendered where it has Jinja; mistakes are shown at its place there."""
        if _JINJA_TAG.search(word) is None:
            return str(word)
        source = self._values.setdefault(str(word), Source(word.span.source.path, str(word)))
        found = Bag()
        lines = self.render(source, context, found)
        bag.extend(mistakes.move(item, source, word.span) for item in found)
        return None if lines is None else lines.rendered

    def _compile(self, source: Source, bag: Bag) -> Compiled | None:
        if source not in self._compiled:
            self._compiled[source] = None
            try:
                parser = _Parser(self.environment, one_line_end(source.text))
                self._compiled[source] = self._build(source, parser.parse(), parser.tests)
            except TemplateSyntaxError as error:
                self._report_syntax(error, Site(source, error.lineno), bag)
            except (SyntaxError, RecursionError, MemoryError):
                mistakes.too_deep(source, bag)
        return self._compiled[source]

    def _report_syntax(self, error: TemplateSyntaxError, site: Site, bag: Bag) -> None:
        text = error.message or ""
        if isinstance(error, _Unsupported):
            mistakes.unsupported_tag(text, site, bag)
        elif isinstance(error, _Unclosed):
            mistakes.unclosed_tag(text, site, bag)
        else:
            known = {"filter": self.environment.filters.keys(), "test": self.environment.tests.keys()}
            mistakes.syntax(text, site, known, bag)

    def _build(self, source: Source, template: nodes.Template, tests: Sequence[nodes.Macro]) -> Compiled:
        generator = _Generator(self.environment)
        generator.visit(template)
        pairs = [(code, line) for line, code in generator.debug_info]
        table = LineTable(source, pairs, generator.data_lines)
        namespace: dict[str, Any] = {"environment": self.environment, TABLE: table}
        exec(compile(generator.stream.getvalue(), source.path, "exec"), namespace)  # type: ignore[attr-defined]
        macros = [(node.name, node.lineno) for node in template.body if isinstance(node, nodes.Macro)]
        return Compiled(source, namespace["root"], table, tuple(macros), tuple(tests))

    def _execute(self, compiled: Compiled, names: Mapping[str, Any], bag: Bag) -> LineMap | None:
        run = _Run(self, names)
        try:
            return trace(compiled.root(run.context(compiled)), compiled.table)
        except _Silenced:
            return None
        except MetasqlError as error:
            bag.extend(error.bag)
            return None
        except Exception as error:
            sites = failed(error.__traceback__) or [Site(compiled.source, 1)]
            refusal = self._explain(error, run, sites)
            if refusal is None:
                raise
            mistakes.report(refusal, sites, bag)
            return None

    def _explain(self, error: Exception, run: _Run, sites: Sequence[Site]) -> Refusal | None:
        """What an exception means to the template's author; None for a fault of metasql's own."""
        text = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".").replace("'", "`")
        if isinstance(error, Refusal):
            return error
        if isinstance(error, Returned):
            return Refusal("MS0212", "`return` is used outside of a macro", subject="return", help="leave it out")
        if isinstance(error, RecursionError):
            return mistakes.recursion({made.source: made.macros for made in self._compiled.values() if made}, sites)
        if isinstance(error, _Unknown) and error.owner is not missing:
            return mistakes.unknown_item(error.owner, str(error.name))
        if isinstance(error, _Unknown):
            return mistakes.unknown_name(str(error.name), [*run.names, *self.macros])
        if isinstance(error, SecurityError):
            return mistakes.sandbox(text)
        if isinstance(error, OverflowError) and "Range too big" in text:
            return mistakes.too_many_numbers(MAX_RANGE)
        if mistakes.is_own(error):
            return None
        return mistakes.failure(text)
