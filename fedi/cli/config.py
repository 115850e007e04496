"""`fedi config`: the settings file."""

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, new_group

app = new_group("Look at the settings.")


@app.command("check")
def check(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Tell whether the settings can be used, and what is wrong with each key that cannot."""
    from fedi.core.settings import load_config

    settings = load_config(config)
    print(f"{config}: every setting can be used; the node is {settings.site.url}")
