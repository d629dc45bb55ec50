"""The theme, written once.

Streamlit writes its whole theme into the first message of every run, from four hundred settings and in the
thread that answers everybody: a tenth of a rerun. The settings do not change while the console runs.
"""

from collections.abc import Callable

from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

WRITER = "_populate_theme_msg"


def write_once() -> None:
    """Have every run's first message repeat the theme that the first run's was given.

    A Streamlit that writes it another way is left to do so.
    """
    write = getattr(app_session, WRITER, None)
    if write is not None:
        setattr(app_session, WRITER, _repeated(write))


def _repeated(write: Callable[[CustomThemeConfig, str], None]) -> Callable[..., None]:
    written: dict[str, CustomThemeConfig] = {}

    def repeat(message: CustomThemeConfig, section: str = "theme") -> None:
        if section not in written:
            found = CustomThemeConfig()
            write(found, section)
            written[section] = found
        if written[section].ByteSize():  # a part that nothing is said of stays absent
            message.MergeFrom(written[section])

    return repeat
