from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509 import verification
from hypothesis import given
from hypothesis import strategies as st

from rolebound.errors import CommandRefused
from rolebound.model.identity import SigningIdentity
from rolebound.pki import keys
from rolebound.pki.authority import Authority, Client, Lifetime
from rolebound.pki.certificates import anchor_bundle, certificates_pem
from rolebound.pki.names import alternative_names, kubernetes_name, subject_of
from tests.support.builders import NOON
from tests.support.pki import CA

KEY = keys.new_key("p256")
YEAR = Lifetime.of_days(365, NOON)
AUTHORITY = Authority.create(subject_of("test CA"), KEY, YEAR)
CLIENT_KEY = keys.new_key("p256")


def issued(subject: str = "web", days: int = 90) -> x509.Certificate:
    return AUTHORITY.issue(Client(subject_of(subject)), CLIENT_KEY, Lifetime.of_days(days, NOON))


def test_the_ca_signs_clients_and_no_further_ca() -> None:
    constraints = AUTHORITY.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = AUTHORITY.certificate.extensions.get_extension_for_class(x509.KeyUsage)

    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert usage.value.crl_sign
    assert not usage.value.digital_signature


@pytest.mark.parametrize("key_type", ["p256", "p384", "p521", "rsa2048"])
def test_a_client_of_every_key_type_can_sign_in(key_type: str) -> None:
    key = keys.new_key(key_type)
    certificate = AUTHORITY.issue(Client(subject_of("web")), key, Lifetime.of_days(1, NOON))

    identity = SigningIdentity.from_pem(certificates_pem([certificate]), keys.key_pem(key))

    identity.check_dates(NOON)
    assert identity.subject == "CN=web"


def test_a_verifier_of_client_certificates_takes_the_chain() -> None:
    client = Client(subject_of("web"), alternative_names(["web.example"], []))
    certificate = AUTHORITY.issue(client, CLIENT_KEY, Lifetime.of_days(1, NOON))
    store = verification.Store([AUTHORITY.certificate])

    verifier = verification.PolicyBuilder().store(store).time(NOON).build_client_verifier()

    assert len(verifier.verify(certificate, []).chain) == 2


def test_a_trust_anchor_takes_the_ca() -> None:
    assert anchor_bundle(certificates_pem([AUTHORITY.certificate]), "root-cert.pem") == [AUTHORITY.certificate]


def test_a_certificate_does_not_outlive_its_ca() -> None:
    with pytest.raises(CommandRefused, match="--days 365"):
        issued(days=366)


def test_a_ca_that_has_ended_issues_nothing() -> None:
    with pytest.raises(CommandRefused, match="the CA itself ends"):
        AUTHORITY.issue(Client(subject_of("web")), CLIENT_KEY, Lifetime.of_days(1, NOON + timedelta(days=400)))


def test_another_cas_key_is_refused() -> None:
    with pytest.raises(CommandRefused, match="do not belong together"):
        Authority.load(AUTHORITY.certificate, CLIENT_KEY, "root-cert.pem")


def test_renewal_keeps_subject_names_and_lifetime() -> None:
    client = Client(subject_of("CN=web,OU=shop"), alternative_names(["web.example"], ["spiffe://example/web"]))
    old = AUTHORITY.issue(client, CLIENT_KEY, Lifetime.of_days(30, NOON))
    later = NOON + timedelta(days=20)

    new, key = AUTHORITY.renew(old, None, later, None)

    assert new.subject == old.subject
    names = x509.SubjectAlternativeName
    assert new.extensions.get_extension_for_class(names) == old.extensions.get_extension_for_class(names)
    assert new.not_valid_after_utc == later + timedelta(days=30)
    assert new.serial_number != old.serial_number
    assert key.public_key() == new.public_key() != old.public_key()


def test_renewal_can_keep_the_key() -> None:
    new, key = AUTHORITY.renew(issued(), CLIENT_KEY, NOON, 7)

    assert key is CLIENT_KEY
    assert new.public_key() == CLIENT_KEY.public_key()
    assert new.not_valid_after_utc == NOON + timedelta(days=7)


def test_a_certificate_of_another_ca_is_not_renewed() -> None:
    with pytest.raises(CommandRefused, match="was not issued by the CA"):
        AUTHORITY.renew(CA.root("another").issue("web").certificate, None, NOON, None)


def test_no_key_shows_in_a_repr() -> None:
    assert "key" not in repr(AUTHORITY).lower().replace("publickey", "")


@pytest.mark.parametrize("text", ["", "   ", "CN=", "=", "CN=web,", "no=such=attribute", "x" * 65, "CN=" + "x" * 65])
def test_what_is_no_subject_is_refused_with_a_right_one(text: str) -> None:
    with pytest.raises(CommandRefused, match="CN=web,OU=shop"):
        subject_of(text)


@given(st.text(max_size=80))
def test_any_subject_is_a_certificate_that_can_sign_in_or_is_refused(text: str) -> None:
    try:
        subject = subject_of(text)
    except CommandRefused:
        return
    certificate = AUTHORITY.issue(Client(subject), CLIENT_KEY, Lifetime.of_days(1, NOON))

    SigningIdentity.from_pem(certificates_pem([certificate]), keys.key_pem(CLIENT_KEY))


@pytest.mark.parametrize("text", ["", "Web", "a/b", "-a", "a" * 254, "a..b", "a\n"])
def test_what_kubernetes_would_refuse_is_refused_here(text: str) -> None:
    with pytest.raises(CommandRefused, match="no Kubernetes name"):
        kubernetes_name(text)
