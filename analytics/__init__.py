"""Everything known about outreach: the events, how they are counted, drawn, worded and taken away. Never imports Streamlit."""
