"""A small reader of the multilingual model's layers: its data, training, form and figures."""
