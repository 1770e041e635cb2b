"""What a session is once CreateSession has given it out, asked with boto3's own clients."""

from tests.emulator.world import Setup, World


def test_a_session_is_the_role_under_the_custom_name(world: World, setup: Setup) -> None:
    credentials = setup.credentials(roleSessionName="shop.api.api-7c9d")

    identity = world.client("sts", credentials).get_caller_identity()

    role_name = setup.role.rpartition("/")[2]
    assert identity["Arn"] == f"arn:aws:sts::222233334444:assumed-role/{role_name}/shop.api.api-7c9d"
    assert identity["Account"] == "222233334444"
