"""Settings of runs that earlier versions recorded, in the spelling of today."""

from typing import Any

from a2u_tf.layers import Resampling


def recorded_settings(summary: dict[str, Any]) -> dict[str, Any]:
    """Return the settings in the summary of a reconstruction run as `train.reconstruction` writes them now.

    Once A2U's variant was a setting beside `upsampling="a2u"`, and the downsampling was always said.
    """
    settings = dict(summary["settings"])
    if "variant" in settings:
        methods = (settings.pop(name) for name in ("upsampling", "downsampling", "variant", "channel_shared"))
        up, _, down = Resampling(*methods).name.partition("+")
        settings |= {"upsampling": up, "downsampling": down or None}
    return settings


def method_name(summary: dict[str, Any]) -> str:
    """Return the name of the methods of a run, see `Resampling`."""
    settings = recorded_settings(summary)
    return Resampling.parse(settings["upsampling"], settings["downsampling"]).name
