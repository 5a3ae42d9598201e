"""The RAGFlow API: thin objects that check arguments, call the project and wrap rows.

``entity`` holds what all of them share. Where the API says two things for one, this room
translates, and accepts both; below it there is one name for each thing.
"""
