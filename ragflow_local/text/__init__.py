"""Text: languages, sentences, terms, tokens and encodings."""
