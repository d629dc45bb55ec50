"""Launcher and frame: `streamlit run app.py` starts the server with its routes; each visit runs the frame."""

import streamlit as st

if __name__ == "__main__":
    from pages.parts import frame

    frame.run()
else:
    import gc

    gc.disable()  # until all is loaded: to look for garbage meanwhile takes a fifth of that time
    from pages.server import stopping

    stopping.at_once()

    from pages.parts.frame import navigation
    from pages.server.application import application

    app = st.App(__file__, **application(navigation))
