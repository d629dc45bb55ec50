"""Is the provider's bill right?"""

import streamlit as st

from pages.parts import bill_answer, bill_changes, bill_forms, bill_list, bill_months, bill_uploads
from pages.parts.frame import selected
from usage_core import cached

st.title("Reconcile", anchor=False)
zone = selected().timeframe.zone
if cached.shown().is_sample:
    st.markdown(
        "A provider's bill is compared with your own calls, line by line. Import a log first; then drop the "
        "bill here."
    )
    bill_uploads.template()
else:
    st.markdown(bill_months.answer())
    bill_changes.say_what_changed()
    bill_uploads.uploader()
    bill_months.grid()
    chosen = bill_months.chosen()
    if chosen is not None:
        found = bill_answer.draw(chosen)
        if found is not None:
            bill_forms.draw(found)
    bill_list.draw(zone)
