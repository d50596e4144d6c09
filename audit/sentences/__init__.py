from audit.sentences.names import Part
from audit.sentences.telling import Sentence, sentences_of
from audit.sentences.words import ANY, Words, register

__all__ = ["ANY", "Part", "Sentence", "Words", "register", "sentences_of"]
