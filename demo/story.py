"""What the demo shows, in order. Every command is one that a person could type."""

from typing import Final

from demo.stage import Stage
from testbed import images
from testbed.operator import NAMESPACE

_POLICIES: Final = ("ReadOnlyAccess", "IAMAccessAnalyzerReadOnlyAccess")
_NEW_KEY: Final = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config .demo/openssl.cnf"
_SIGN: Final = "openssl x509 -req -CA .demo/root-cert.pem -CAkey .demo/root-key.pem -CAcreateserial -days 30"


def play(stage: Stage) -> None:
    """Show everything; DemoFailed where something is not as it should be."""
    certificates(stage)
    aws_side(stage)
    install(stage)
    bind(stage)
    application_is_the_role(stage)
    renewal(stage)
    restart(stage)
    refusal(stage)


def certificates(stage: Stage) -> None:
    """A CA and a client certificate, by hand; cert-manager, Vault or ACM PCA do as well."""
    run = stage.terminal.run
    stage.terminal.heading("A CA and a client certificate")
    config = stage.render("openssl.cnf")
    subject = '-subj "/CN=Example Root CA"'
    new_ca = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config {config} -extensions ca"
    run(f"{new_ca} -days 365 {subject} -keyout .demo/root-key.pem -out .demo/root-cert.pem")
    client_certificate(stage)


def client_certificate(stage: Stage) -> None:
    """A new key and certificate for the operator."""
    request = f'{_NEW_KEY} -subj "/CN=cluster-1" -keyout .demo/client-key.pem -out .demo/client.csr'
    stage.terminal.run(request)
    extensions = "-extfile .demo/openssl.cnf -extensions client"
    stage.terminal.run(f"{_SIGN} {extensions} -in .demo/client.csr -out .demo/client-cert.pem")


def aws_side(stage: Stage) -> None:
    """Trust anchor, role and profile, and a bucket to read from."""
    terminal = stage.terminal
    terminal.heading("AWS's side: trust anchor, role, profile")
    source = '"sourceType=CERTIFICATE_BUNDLE,sourceData={x509CertificateData=$(cat .demo/root-cert.pem)}"'
    anchor = f"aws rolesanywhere create-trust-anchor --name demo --enabled --source {source}"
    terminal.keep("TRUST_ANCHOR_ARN", f"{anchor} --query trustAnchor.trustAnchorArn --output text")
    policy = stage.render("trust-policy.json")
    role = f"aws iam create-role --role-name reader --assume-role-policy-document file://{policy}"
    terminal.keep("ROLE_ARN", f"{role} --query Role.Arn --output text")
    for name in _POLICIES:
        terminal.run(f"aws iam attach-role-policy --role-name reader --policy-arn arn:aws:iam::aws:policy/{name}")
    profile = "aws rolesanywhere create-profile --name demo --enabled --role-arns $ROLE_ARN --accept-role-session-name"
    terminal.keep("PROFILE_ARN", f"{profile} --query profile.profileArn --output text")
    terminal.run("aws s3 mb s3://demo && echo 'hello from S3' | aws s3 cp - s3://demo/hello.txt")


def install(stage: Stage) -> None:
    """The certificate's Secret, and the chart."""
    run = stage.terminal.run
    stage.terminal.heading("The certificate's Secret, and the operator by Helm")
    run(f"kubectl create namespace {NAMESPACE}")
    run(f"kubectl label namespace {NAMESPACE} pod-security.kubernetes.io/enforce=restricted")
    files = "--cert=.demo/client-cert.pem --key=.demo/client-key.pem"
    run(f"kubectl create secret tls roles-anywhere -n {NAMESPACE} {files}")
    repository, _, tag = images.OPERATOR.partition(":")
    values = f"--set image.repository={repository},image.tag={tag},image.pullPolicy=Never"
    ca_bundle = "--set-file aws.caBundle=.demo/aws/ca.pem"
    chart = f"helm install rolebound helm/rolebound -n {NAMESPACE} --create-namespace"
    run(f"{chart} {values} {ca_bundle}")
    stage.run_operator()


def bind(stage: Stage) -> None:
    """The role for the platform team, the binding for the application team."""
    run = stage.terminal.run
    stage.terminal.heading("The role, by the platform team; the binding, by the application team")
    role, binding = stage.render("role.yaml"), stage.render("binding.yaml")
    run(f"cat {role} {binding}")
    run("kubectl create namespace shop")
    run(f"kubectl apply -f {role}")
    run(f"kubectl apply -n shop -f {binding}")
    run("kubectl wait --for=condition=Ready clusterawsrole/reader --timeout=30s")
    run("kubectl wait --for=condition=Ready -n shop awsrolebinding/web-reads --timeout=30s")


def application_is_the_role(stage: Stage) -> None:
    """An ordinary Deployment with one label: its pod waits for credentials, and then is the role."""
    terminal = stage.terminal
    terminal.heading("An ordinary Deployment with one label; its pod waits until its Secret is there")
    terminal.run("kubectl create configmap aws-ca -n shop --from-file=.demo/aws/ca.pem")
    terminal.say("AWS is told to take three seconds for its next session, so that there is something to see.")
    slow = """'{"kind": "delay", "seconds": 3, "count": 1}'"""
    terminal.run(f"curl -s --cacert $AWS_CA_BUNDLE -X POST $AWS_ENDPOINT_URL/_emulator/faults -d {slow} >/dev/null")
    terminal.run(f"cat {stage.render('deployment.yaml')}")
    stage.deploy("shop")
    stage.start_application()
    terminal.say("What the webhook made of the pod:")
    injected = "jsonpath='{.items[0].spec.volumes[?(@.name==\"rolebound-aws\")].projected.sources}'"
    terminal.run(f"kubectl get pods -n shop -l app=web -o {injected}")
    terminal.run("kubectl get secrets,awsrolebinding -n shop")

    terminal.heading("Inside it, the AWS CLI is the role")
    answer = terminal.run(stage.in_application("aws sts get-caller-identity"))
    stage.expect("assumed-role/reader/shop.web.web-" in answer, "the pod is not the role under its own name")
    terminal.say(f"That is the pod's answer, {terminal.elapsed:.0f} s after the start. It may read …")
    stage.expect(terminal.run(stage.in_application("aws s3 cp s3://demo/hello.txt -")) == "hello from S3", "no read")
    terminal.say("… and not write:")
    written = terminal.run(stage.in_application("aws s3 cp /etc/hostname s3://demo/stolen"), fails=True)
    stage.expect("AccessDenied" in written, "the write failed for another reason")


def renewal(stage: Stage) -> None:
    """A new certificate, a new session, and the same running container."""
    terminal = stage.terminal
    terminal.heading("The certificate is rotated and the session renewed, under the pod's feet")
    key_id = stage.in_application(f"grep -o 'AccessKeyId[^,]*' {stage.json_file}")
    serial = "kubectl get clusterawsrole reader -o jsonpath='{.status.certificate.serialNumber}'"
    before, old_serial = terminal.run(key_id), terminal.ask(serial)
    client_certificate(stage)
    files = "--cert=.demo/client-cert.pem --key=.demo/client-key.pem --dry-run=client -o yaml"
    replace = "kubectl apply --server-side --force-conflicts -f -"
    terminal.run(f"kubectl create secret tls roles-anywhere -n {NAMESPACE} {files} | {replace}")
    terminal.until(serial, lambda text: text not in ("", old_serial))
    terminal.run("kubectl annotate awsrolebinding web-reads -n shop rolebound.dev/renew=now")
    terminal.until(key_id, lambda text: bool(text.strip()) and text.strip() != before)
    terminal.say("A new key id, issued for the new certificate, and no restart:")
    stage.expect(not stage.has_node or "Running   0 " in terminal.run("kubectl get pods -n shop"), "a restart")
    terminal.run(f"kubectl get secret {stage.secret()} -n shop -o yaml | grep -A99 annotations: | grep rolebound.dev")
    terminal.run(stage.in_application("aws sts get-caller-identity --query Arn"))


def restart(stage: Stage) -> None:
    """The operator goes and comes back, and asks AWS for nothing."""
    terminal = stage.terminal
    terminal.heading("The operator is replaced, and asks AWS for nothing again")
    before = stage.sessions_issued()
    stage.replace_operator()
    after = stage.sessions_issued()
    stage.expect(after == before, f"{after - before} CreateSession calls were spent on a restart")
    terminal.say(f"CreateSession calls before and after: {before} and {after}.")


def refusal(stage: Stage) -> None:
    """A namespace that the role does not list."""
    run = stage.terminal.run
    stage.terminal.heading("A namespace that the role does not list gets nothing, and is told why")
    run("kubectl create namespace elsewhere")
    run("kubectl create configmap aws-ca -n elsewhere --from-file=.demo/aws/ca.pem")
    run("kubectl apply -n elsewhere -f .demo/binding.yaml")
    stage.deploy("elsewhere")
    run("kubectl wait --for=condition=Ready=False -n elsewhere awsrolebinding/web-reads --timeout=30s")
    run("kubectl describe awsrolebinding web-reads -n elsewhere | sed -n '/^Status/,$p'")
    described = "kubectl describe pod -l app=web -n elsewhere | sed -n '/^Events/,$p'"
    stage.terminal.until(described, lambda text: "NamespaceNotAllowed" in text)
