"""The line map against a plain reference: templates put together from pieces that know their lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.parse.reading import numbered, render

PIECES = st.sampled_from(
    [
        "{line}\n",
        "{line} {{{{ 'x' }}}}\n",
        "{{{{ {line} }}}}\n",
        "\n",
        "{{# a\n b #}}\n",
        "{{% set a = 1 %}}\n",
        "{{% set b %}}\nq\n{{% endset %}}\n",
        "{{% if true -%}}\n\n  {line2}\n{{%- endif %}}\n",
        "{{% for i in [1, 2] %}}\n{line1}\n{{% endfor %}}\n",
        "{{% call wrap() %}}\n  z\n{{% endcall %}}\n",
        "{{{{\n  {line1}\n}}}}\n",
    ]
)


@given(st.lists(PIECES, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_every_line_that_carries_its_number_maps_to_it(pieces, end):
    """Whatever stands before it."""
    text = ""
    for piece in pieces:
        line = text.count("\n") + 1
        text += piece.format(line=line, line1=line + 1, line2=line + 2)
    wrap = "{% macro wrap() %}(\n{{ caller() }}\n){% endmacro %}"
    for number, shown in numbered(render(text.replace("\n", end), wrap)):
        first = shown.split()[0]
        assert not first.isdigit() or int(first) == number
