import re

from hypothesis import given
from hypothesis import strategies as st

from rolebound.model.objects import ObjectName
from rolebound.planning.naming import session_name, shared_secret_name

DEFAULT = "{namespace}.{serviceAccount}.{pod}"


def test_default_template_names_namespace_account_and_pod() -> None:
    assert session_name(DEFAULT, "shop", "api", "api-7c9d-x2") == "shop.api.api-7c9d-x2"


def test_shared_session_has_no_trailing_separator() -> None:
    assert session_name(DEFAULT, "shop", "api", "") == "shop.api"


def test_long_names_that_differ_only_at_the_end_stay_apart() -> None:
    one, other = (session_name(DEFAULT, "n" * 40, "api", f"{'p' * 60}{n}") for n in (1, 2))

    assert one != other
    assert len(one) == len(other) == 64


def test_empty_template_leaves_the_name_to_aws() -> None:
    assert session_name("", "shop", "api", "api-1") == ""


def test_placeholders_in_names_are_not_expanded_again() -> None:
    assert session_name("{pod}", "ns", "sa", "p{namespace}") != "pns"


@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=80), st.text(max_size=300))
def test_any_input_gives_a_name_that_sts_takes_or_none(template: str, namespace: str, account: str, pod: str) -> None:
    name = session_name(template, namespace, account, pod)

    assert name == "" or re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII)


def test_shared_secret_is_named_after_binding_and_account() -> None:
    assert str(shared_secret_name(ObjectName("shop", "reader"), "api")) == "shop/rolebound-reader-api"


def test_shared_secret_name_fits_and_stays_unique() -> None:
    names = {shared_secret_name(ObjectName("shop", "b" * 250), f"{'a' * 250}{n}").name for n in (1, 2)}

    assert len(names) == 2
    assert all(len(name) <= 253 for name in names)
