"""Every metric, declared in one place. Labels are names and reasons; never a value that a Secret holds."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The operator's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sessions = Counter(
            "rolebound_create_session_total",
            "CreateSession calls by how they ended: Issued, or the reason of the error.",
            ["result"],
            registry=self.registry,
        )
        self.session_seconds = Histogram(
            "rolebound_create_session_seconds",
            "How long CreateSession took, in seconds.",
            registry=self.registry,
        )
        self.secret_writes = Counter(
            "rolebound_secret_writes_total", "Credential Secrets written.", registry=self.registry
        )
        self.secret_withdrawals = Counter(
            "rolebound_secret_withdrawals_total", "Credential Secrets taken away.", registry=self.registry
        )
        self.status_writes = Counter(
            "rolebound_status_writes_total", "Statuses written, by kind.", ["kind"], registry=self.registry
        )
        self.failures = Counter(
            "rolebound_attempt_failures_total",
            "Attempts to issue a credential that failed, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.credentials = Gauge(
            "rolebound_credentials", "Credential Secrets that are kept up to date.", registry=self.registry
        )
        self.leader = Gauge(
            "rolebound_leader", "1 on the replica that issues and writes, 0 on the others.", registry=self.registry
        )
        self.admissions = Counter(
            "rolebound_admissions_total",
            "Pods that the webhook decided on: Injected, Unchanged, or the reason why it was refused.",
            ["outcome"],
            registry=self.registry,
        )
        self.admission_seconds = Histogram(
            "rolebound_admission_seconds",
            "How long the webhook took to decide on a pod, in seconds.",
            registry=self.registry,
            buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
        )
        self.webhook_not_after = Gauge(
            "rolebound_webhook_certificate_not_after_timestamp_seconds",
            "When the certificate that the webhook serves with expires, in seconds since 1970.",
            registry=self.registry,
        )
        self.events_dropped = Counter(
            "rolebound_events_dropped_total",
            "Kubernetes Events that were not posted because too many waited.",
            registry=self.registry,
        )
        self.certificate_not_after = Gauge(
            "rolebound_certificate_not_after_timestamp_seconds",
            "When a role's certificate expires, in seconds since 1970.",
            ["kind", "namespace", "name"],
            registry=self.registry,
        )
