"""Answers that need no passage: greetings, questions about the documents, and refusals.

Said in the language of the question, where that is known; else in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import pairwise

from ragflow_local.text.languages import language_of

_SHOWN = 10  # names of documents


@dataclass(frozen=True, slots=True)
class DocumentStates:
    """The documents a chat can answer from, by their parse state.

    Attributes:
        documents: Names of the documents that are parsed.
        waiting: Names of those that are not, or not yet.
        failed: Names of those that could not be.
        datasets: How many datasets the chat has.
        is_deleted: Whether a dataset of the chat is no longer there.
        is_known: Whether anybody looked.
    """

    documents: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    datasets: int = 1
    is_deleted: bool = False
    is_known: bool = True


# What is said of each topic, by language; a language is told by its own words.
_ASKED = {
    "greeting": {
        "en": "(?:hello|hi|hey|good (?:morning|afternoon|evening|day))(?: there| everyone| again)?"
        "|how are you(?: doing)?(?: today)?|how do you do|what'?s up|nice to meet you",
        "de": "(?:hallo|guten (?:tag|morgen|abend)|moin|servus|grüezi)(?: zusammen)?"
        "|wie geht(?: e?s|'?s)(?: (?:dir|ihnen))?(?: heute)?",
        "fr": "bonjour|bonsoir|salut|coucou|(?:comment )?ça va|comment (?:vas-tu|allez-vous)",
        "es": "hola|buen[oa]s (?:días|tardes|noches)|¿?(?:cómo estás?(?: usted)?|qué tal)",
        "it": "ciao|buongiorno|buonasera|salve|come (?:stai|sta|va)",
        "pt": "olá|oi|bom dia|boa (?:tarde|noite)|como (?:vai|estás?)(?: você)?|tudo bem",
        "nl": "goedemorgen|goedendag|hoi|hoe gaat het(?: met (?:je|jou|u))?",
        "pl": "cześć|dzień dobry|jak się masz|co słychać",
        "ru": "здравствуй(?:те)?|привет|добрый (?:день|вечер)|как (?:у (?:тебя|вас) )?дела",
        "ar": "مرحبا|السلام عليكم|أهلا|كيف حالك",
        "zh": "你好|您好|嗨|大家好|你好[吗嗎]|最近(?:怎么样|怎麼樣|好吗|好嗎)",
        "ja": "こんにちは|おはよう(?:ございます)?|こんばんは|お?元気ですか",
        "ko": "안녕(?:하세요|하십니까)?|잘 지내(?:세요|요|니)?|어떻게 지내(?:세요|요)?",
    },
    "thanks": {
        "en": "(?:many )?thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|cheers",
        "de": "danke(?: schön| sehr)?|vielen dank",
        "fr": "merci(?: beaucoup)?",
        "es": "(?:muchas )?gracias",
        "it": "grazie(?: mille)?",
        "pt": "(?:muito )?obrigad[oa]",
        "nl": "bedankt|dank je(?: wel)?",
        "pl": "dziękuję",
        "ru": "спасибо(?: большое)?",
        "ar": "شكرا(?: جزيلا)?",
        "zh": "谢谢(?:你|您)?|謝謝(?:你|您)?|多谢",
        "ja": "ありがとう(?:ございます)?",
        "ko": "감사합니다|고마워요?",
    },
    "ability": {
        "en": "what (?:can|could) you do(?: for me)?|who are you|what are you|help"
        "|how can you help(?: me)?|how do you work",
        "de": "was kannst du(?: alles)?(?: tun| machen)?|was können sie(?: für mich tun)?"
        "|wer bist du|hilfe",
        "fr": "que (?:peux|sais)-tu faire|que pouvez-vous faire|qui es-tu|aide",
        "es": "qué puedes hacer|quién eres|ayuda",
        "it": "cosa (?:puoi|sai) fare|chi sei|aiuto",
        "pt": "o que (?:você )?(?:pode|podes|consegue) fazer|quem é você|ajuda",
        "nl": "wat kun je(?: doen)?|wie ben je",
        "pl": "co potrafisz|co możesz zrobić|kim jesteś",
        "ru": "что ты (?:умеешь|можешь)(?: делать)?|что вы умеете|кто ты|помощь",
        "ar": "ماذا يمكنك أن تفعل|من أنت",
        "zh": "你能做什么|你会做什么|你可以做什么|你是谁|帮助|你能做什麼|你是誰",
        "ja": "何ができますか|あなたは誰ですか",
        "ko": "무엇을 할 수 있나요|무엇을 할 수 있습니까|누구세요",
    },
    "documents": {
        "en": "(?:which|what) (?:documents|files|sources|texts) (?:do you (?:have|know)|are there"
        "|are (?:available|loaded|in here))|(?:list|show)(?: me)?(?: all)?(?: the| your)?"
        " (?:documents|files|sources)|what do you know|what is in (?:here|the knowledge base)",
        "de": "welche (?:dokumente|dateien|quellen|texte) (?:hast du|kennst du|gibt es|haben sie)",
        "fr": "quels (?:documents|fichiers) (?:as-tu|avez-vous|connais-tu|y a-t-il)",
        "es": "qué (?:documentos|archivos) (?:tienes|hay|conoces)",
        "it": "quali (?:documenti|file) (?:hai|ci sono)",
        "pt": "(?:que|quais) (?:documentos|arquivos|ficheiros) (?:você tem|tens|há|existem)",
        "nl": "welke (?:documenten|bestanden) (?:heb je|zijn er)",
        "pl": "jakie (?:dokumenty|pliki) (?:masz|są)",
        "ru": "какие (?:документы|файлы)(?: у тебя| у вас)?(?: есть)?",
        "ar": "ما (?:هي )?(?:الوثائق|المستندات|الملفات)(?: التي)?(?: لديك)?",
        "zh": "你?有(?:哪些|什么|什麼)(?:文档|文件|资料|文檔|資料)",
        "ja": "(?:どんな|どの)(?:文書|ドキュメント|ファイル)がありますか",
        "ko": "어떤 (?:문서|파일)가? 있(?:나요|습니까)",
    },
}
_PATTERNS = {
    topic: {language: re.compile(pattern) for language, pattern in asked.items()}
    for topic, asked in _ASKED.items()
}
_POLITE = ("greeting", "thanks")
# Where one saying ends and the next or a question begins.
_MARKS = re.compile(r"[¿¡,.;:!?？！。，、；：؟،~–—\n][\s¿¡,.;:!?？！。，、；：؟،~–—]*")

_SENTENCES = {
    "greeting": {
        "en": "Hello! Ask me about the documents here.",
        "de": "Hallo! Fragen Sie mich etwas zu den Dokumenten hier.",
        "fr": "Bonjour ! Posez-moi une question sur les documents d'ici.",
        "es": "¡Hola! Pregúntame sobre los documentos de aquí.",
        "it": "Ciao! Chiedimi qualcosa sui documenti che ho qui.",
        "pt": "Olá! Pergunte-me sobre os documentos daqui.",
        "nl": "Hallo! Stel me een vraag over de documenten hier.",
        "pl": "Cześć! Zapytaj mnie o dokumenty, które tu są.",
        "ru": "Здравствуйте! Спросите меня о здешних документах.",
        "ar": "مرحبا! اسألني عن المستندات الموجودة هنا.",
        "zh": "你好！请就这里的文档向我提问。",
        "ja": "こんにちは。ここにある文書について質問してください。",
        "ko": "안녕하세요! 여기 있는 문서에 대해 질문해 주세요.",
    },
    "thanks": {
        "en": "You are welcome.",
        "de": "Gern geschehen.",
        "fr": "Je vous en prie.",
        "es": "De nada.",
        "it": "Prego.",
        "pt": "De nada.",
        "nl": "Graag gedaan.",
        "pl": "Proszę bardzo.",
        "ru": "Пожалуйста.",
        "ar": "على الرحب والسعة.",
        "zh": "不客气。",
        "ja": "どういたしまして。",
        "ko": "천만에요.",
    },
    "ability": {
        "en": "I answer questions from the documents here ({count}), and say where it stands.",
        "de": "Ich beantworte Fragen aus den Dokumenten hier ({count}) und sage, wo es steht.",
        "fr": "Je réponds aux questions d'après les documents d'ici ({count}), avec leurs sources.",
        "es": "Respondo preguntas a partir de los documentos de aquí ({count}) y digo dónde está.",
        "it": "Rispondo alle domande dai documenti che ho qui ({count}) e dico dove si trova.",
        "pt": "Respondo a perguntas com base nos documentos daqui ({count}) e digo onde está.",
        "nl": "Ik beantwoord vragen uit de documenten hier ({count}) en zeg waar het staat.",
        "pl": "Odpowiadam na pytania na podstawie dokumentów ({count}) i podaję źródło.",
        "ru": "Я отвечаю на вопросы по здешним документам ({count}) и говорю, где это написано.",
        "ar": "أجيب عن الأسئلة من المستندات الموجودة هنا ({count}) وأذكر موضع الجواب.",
        "zh": "我根据这里的文档（{count}）回答问题，并注明出处。",
        "ja": "ここにある文書（{count}）から質問に答え、出典を示します。",
        "ko": "여기 있는 문서({count})를 바탕으로 질문에 답하고 출처를 밝힙니다.",
    },
    "document": {
        "en": "There is one document here: {names}",
        "de": "Hier ist ein Dokument: {names}",
        "fr": "Il y a ici un document : {names}",
        "es": "Aquí hay un documento: {names}",
        "it": "Qui c'è un documento: {names}",
        "pt": "Há aqui um documento: {names}",
        "nl": "Hier is één document: {names}",
        "pl": "Dokument (1): {names}",
        "ru": "Документ здесь один: {names}",
        "ar": "يوجد هنا مستند واحد: {names}",
        "zh": "这里有 1 个文档：{names}",
        "ja": "ここには 1 件の文書があります：{names}",
        "ko": "여기에는 문서가 1개 있습니다: {names}",
    },
    "documents": {
        "en": "There are {count} documents here: {names}",
        "de": "Hier sind {count} Dokumente: {names}",
        "fr": "Il y a ici {count} documents : {names}",
        "es": "Aquí hay {count} documentos: {names}",
        "it": "Qui ci sono {count} documenti: {names}",
        "pt": "Há aqui {count} documentos: {names}",
        "nl": "Hier zijn {count} documenten: {names}",
        "pl": "Dokumenty ({count}): {names}",
        "ru": "Документов здесь {count}: {names}",
        "ar": "توجد هنا {count} مستندات: {names}",
        "zh": "这里有 {count} 个文档：{names}",
        "ja": "ここには {count} 件の文書があります：{names}",
        "ko": "여기에는 문서가 {count}개 있습니다: {names}",
    },
    "waiting": {
        "en": "Not parsed yet ({count}): {names}",
        "de": "Noch nicht eingelesen ({count}): {names}",
        "fr": "Pas encore analysés ({count}) : {names}",
        "es": "Aún sin procesar ({count}): {names}",
        "it": "Non ancora elaborati ({count}): {names}",
        "pt": "Ainda não processados ({count}): {names}",
        "nl": "Nog niet ingelezen ({count}): {names}",
        "pl": "Jeszcze nieprzetworzone ({count}): {names}",
        "ru": "Ещё не обработаны ({count}): {names}",
        "ar": "لم تُعالج بعد ({count}): {names}",
        "zh": "尚未解析（{count}）：{names}",
        "ja": "まだ解析されていません（{count}）：{names}",
        "ko": "아직 분석되지 않음({count}): {names}",
    },
    "failed": {
        "en": "Could not be parsed ({count}): {names}",
        "de": "Konnte nicht eingelesen werden ({count}): {names}",
        "fr": "Impossible à analyser ({count}) : {names}",
        "es": "No se pudieron procesar ({count}): {names}",
        "it": "Impossibile analizzare ({count}): {names}",
        "pt": "Não foi possível processar ({count}): {names}",
        "nl": "Kon niet verwerkt worden ({count}): {names}",
        "pl": "Nie udało się przetworzyć ({count}): {names}",
        "ru": "Не удалось обработать ({count}): {names}",
        "ar": "تعذرت معالجتها ({count}): {names}",
        "zh": "解析失败（{count}）：{names}",
        "ja": "解析できませんでした（{count}）：{names}",
        "ko": "분석하지 못함({count}): {names}",
    },
    "empty": {
        "en": "There are no documents here yet.",
        "de": "Hier sind noch keine Dokumente.",
        "fr": "Il n'y a pas encore de documents ici.",
        "es": "Aquí todavía no hay documentos.",
        "it": "Qui non ci sono ancora documenti.",
        "pt": "Ainda não há documentos aqui.",
        "nl": "Hier zijn nog geen documenten.",
        "pl": "Nie ma tu jeszcze dokumentów.",
        "ru": "Здесь ещё нет документов.",
        "ar": "لا توجد مستندات هنا بعد.",
        "zh": "这里还没有文档。",
        "ja": "ここにはまだ文書がありません。",
        "ko": "여기에는 아직 문서가 없습니다.",
    },
    "deleted": {
        "en": "A dataset of this chat has been deleted.",
        "de": "Ein Datensatz dieses Chats wurde gelöscht.",
        "fr": "Un jeu de données de ce chat a été supprimé.",
        "es": "Un conjunto de datos de este chat fue eliminado.",
        "it": "Un dataset di questa chat è stato eliminato.",
        "pt": "Um conjunto de dados deste chat foi apagado.",
        "nl": "Een dataset van deze chat is verwijderd.",
        "pl": "Zbiór danych tego czatu został usunięty.",
        "ru": "Набор данных этого чата удалён.",
        "ar": "حُذفت مجموعة بيانات هذه المحادثة.",
        "zh": "此聊天的数据集已被删除。",
        "ja": "このチャットのデータセットは削除されました。",
        "ko": "이 채팅의 데이터세트가 삭제되었습니다.",
    },
    "none": {
        "en": "This chat has no dataset.",
        "de": "Dieser Chat hat keinen Datensatz.",
        "fr": "Ce chat n'a pas de jeu de données.",
        "es": "Este chat no tiene ningún conjunto de datos.",
        "it": "Questa chat non ha alcun dataset.",
        "pt": "Este chat não tem nenhum conjunto de dados.",
        "nl": "Deze chat heeft geen dataset.",
        "pl": "Ten czat nie ma zbioru danych.",
        "ru": "У этого чата нет набора данных.",
        "ar": "لا توجد مجموعة بيانات لهذه المحادثة.",
        "zh": "此聊天没有数据集。",
        "ja": "このチャットにはデータセットがありません。",
        "ko": "이 채팅에는 데이터세트가 없습니다.",
    },
    "more": {
        "en": "And {count} more documents.",
        "de": "Und {count} weitere Dokumente.",
        "fr": "Et {count} autres documents.",
        "es": "Y {count} documentos más.",
        "it": "E altri {count} documenti.",
        "pt": "E mais {count} documentos.",
        "nl": "En nog {count} documenten.",
        "pl": "Pozostałe dokumenty: {count}.",
        "ru": "Остальных документов: {count}.",
        "ar": "ومستندات أخرى عددها {count}.",
        "tr": "Ve {count} belge daha.",
        "zh": "另有 {count} 个文档。",
        "ja": "ほかに {count} 件の文書があります。",
        "ko": "그 밖에 문서가 {count}개 더 있습니다.",
    },
    "nearest": {
        "en": "The nearest passages:",
        "de": "Die nächsten Stellen:",
        "fr": "Les passages les plus proches :",
        "es": "Los pasajes más cercanos:",
        "it": "I passaggi più vicini:",
        "pt": "Os trechos mais próximos:",
        "nl": "De dichtstbijzijnde passages:",
        "pl": "Najbliższe fragmenty:",
        "ru": "Ближайшие отрывки:",
        "ar": "أقرب المقاطع:",
        "zh": "最接近的段落：",
        "ja": "最も近い箇所：",
        "ko": "가장 가까운 구절:",
    },
}


def _topic(question: str) -> tuple[str, str] | None:
    """Return the topic of a saying and its language; None of any other question.

    Of several sayings in one message it is that of the first that asks for something.
    """
    topics = [topic for topic, _, _ in _pieces(question)]
    told = [topic for topic in topics if topic is not None]
    if not told or len(told) < len(topics):
        return None
    return next((topic for topic in told if topic[0] not in _POLITE), told[0])


def _pieces(question: str) -> list[tuple[tuple[str, str] | None, int, int]]:
    """Return what stands between the marks: its topic, where it begins, where its mark ends."""
    marks = [(0, 0), *(mark.span() for mark in _MARKS.finditer(question)), (len(question),) * 2]
    places = [(one[1], two[0], two[1]) for one, two in pairwise(marks)]
    return [
        (_topic_of(question[start:stop]), start, end)
        for start, stop, end in places
        if question[start:stop].strip()
    ]


def _topic_of(piece: str) -> tuple[str, str] | None:
    bare = " ".join(piece.replace("’", "'").casefold().split())
    for topic, patterns in _PATTERNS.items():
        for language, pattern in patterns.items():
            if pattern.fullmatch(bare):
                return topic, language
    return None


def without_greeting(question: str) -> str:
    """Return a question without greeting and thanks around it; as it is, if it is only these."""
    pieces = _pieces(question)
    asking = [place for topic, *place in pieces if topic is None or topic[0] not in _POLITE]
    return question[asking[0][0] : asking[-1][1]].strip() if asking else question


def _language(question: str, among: Collection[str]) -> str:
    topic = _topic(question)
    return (
        topic[1] if topic is not None and topic[1] in among else language_of(question, among=among)
    )


def saying_of(question: str, standing: Callable[[], DocumentStates]) -> str | None:
    """Return the answer to a question about nothing in the documents; None for any other."""
    topic = _topic(question)
    return None if topic is None else _answer(topic[0], question, standing())


def missing(question: str, standing: DocumentStates) -> str:
    """Return why there can be no answer, such as nothing parsed; "" if there is no such reason."""
    if not standing.is_known:
        return ""
    sentences: list[str] = []
    if standing.is_deleted:
        sentences.append(sentence_about("deleted", question))
    elif not standing.datasets:
        sentences.append(sentence_about("none", question))
    is_empty = not (standing.documents or standing.waiting or standing.failed)
    if is_empty and standing.datasets:
        sentences.append(sentence_about("empty", question))
    if standing.waiting:
        sentences.append(_listed("waiting", question, standing.waiting))
    if standing.failed:
        sentences.append(_listed("failed", question, standing.failed))
    return " ".join(sentences)


def sentence_about(topic: str, question: str, **values: object) -> str:
    """Return a sentence in the language of a question."""
    spoken = _SENTENCES[topic]
    return spoken.get(_language(question, tuple(spoken)), spoken["en"]).format(**values)


def _answer(topic: str, question: str, standing: DocumentStates) -> str:
    if topic == "documents":
        lacking = missing(question, standing)
        names = standing.documents
        which = "document" if len(names) == 1 else "documents"
        there = _listed(which, question, names) if names else ""
        return " ".join(part for part in (there, lacking) if part)
    return sentence_about(topic, question, count=len(standing.documents))


def _listed(topic: str, question: str, names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else ".")
    return sentence_about(topic, question, count=len(names), names=shown)
