"""The file of --oidc: its contents, and messages of refusals."""

from pathlib import Path

import pytest

from trackside.core import providers
from trackside.core.settings import SettingError, load

GOOD = '[company]\nissuer = "https://login.example.com"\nclient_id = "trackside"\n'


def read(folder: Path, text: str) -> providers.Providers:
    file = folder / "oidc.toml"
    file.write_text(text)
    return load({"--oidc": str(file), "--data": str(folder)}, {}).oidc


def test_a_table_is_a_provider_and_its_files_are_beside_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")

    found = read(tmp_path, 'url = "https://trackside.example.com/"\n' + GOOD + 'client_secret_file = "secret"\n')

    (company,) = found.all
    assert found.url == "https://trackside.example.com"
    assert (company.name, company.title, company.session_hours) == ("company", "company", 12)
    assert company.secret is not None
    assert company.secret.text == "s3cret"
    assert "s3cret" not in repr(company)


def test_a_mistake_is_named_with_its_table(tmp_path: Path, subtests: pytest.Subtests) -> None:
    cases = [
        ("[company", "the file must be TOML"),
        ("[Company]\n", "table [Company] must be named by lower-case letters"),
        ("company = 1\n", "company must be a table"),
        ("[company]\n", "Object missing required field `issuer`"),
        ('[company]\nissuer = "https://a"\n', "needs client_id (users sign in) or audience (programs send JWTs)"),
        ('[company]\nissuer = "http://a"\nclient_id = "x"\n', "issuer of [company] is 'http://a'; it must be https"),
        ('[company]\nissuer = "https://u:p@a"\nclient_id = "x"\n', "without a user"),
        (GOOD + "create_users = 1\n", "Expected `bool`, got `int` - at `$.create_users`"),
        (GOOD + "colour = 1\n", "unknown field `colour`"),
        (GOOD + 'secret = "x"\n', "client_secret_file names the file of a secret"),
        (GOOD + 'client_secret_file = "none"\n', "none', which cannot be read (No such file or directory)"),
        (GOOD + 'audience = "trackside"\n', "audience of [company] is its client_id"),
        (GOOD + 'scopes = "profile"\n', "openid must be one of them"),
        (GOOD + "session_hours = 0\n", "session_hours of [company] is 0"),
        (GOOD + GOOD.replace("company", "other"), "is in two tables"),
        ('url = "trackside.example.com"\n', "url is 'trackside.example.com'"),
    ]
    for text, said in cases:
        with subtests.test(text=text, said=said):
            with pytest.raises(SettingError) as refused:
                read(tmp_path, text)

            assert str(refused.value).startswith("--oidc is ")
            assert said in str(refused.value)
            assert "u:p@a" not in str(refused.value) or "without a user" in str(refused.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="the file cannot be read"):
        load({"--oidc": str(tmp_path / "none.toml")}, {})
