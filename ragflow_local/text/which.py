"""Tells whether a question asks which document says something, and what that is.

"Which file mentions the roof?", "Where can I read about parental leave?" want the document's name.
"""

from __future__ import annotations

import re

from ragflow_local.text.folding import fold, simplified
from ragflow_local.text.languages import language_of
from ragflow_local.text.overviews import names_in

_MOST_LETTERS = 200  # of a question
# A word that asks which, what may stand between, and a document or part of one.
_WHICH = (
    r"\b(?:which|what|welche[rnsm]?|quel(?:le)?s?|laquelle|lequel|lesquel(?:le)?s|qué"
    r"|que|cu[aá]l(?:es)?"
    r"|quale|quali|qual|quais|welke?|który\w*|która|które\w*|której|którym|którego"
    # "Is there a document about …", "Find the letter …", "Do any of the files mention …"
    r"|(?:is|are) there (?:an?|any)|any of|find(?: me)? (?:the|an?)|gibt es (?:einen?|irgendein\w*)"
    r"|y a-t-il (?:une?|des)|est-ce qu['’]il y a (?:une?|des)|hay (?:alg[uú]n\w*|una?)"
    r"|c['’]è (?:una?|qualche)|há (?:algum\w*|uma?)|is er (?:een)|zijn er|czy jest(?: jakiś)?"
    r"|есть ли|var mı"
    r"|как(?:ой|ая|ое|ие|ом"
    r"|их|ую)|котор\w+|hangi\w*|أي)\b|(?<![가-힣])(?:어느|어떤)(?![가-힣])"
)
_OF = (
    r"(?:\s+(?:of|von|de|des|dei|degli|delle|di|van|z|из|the|these|those|them|den"
    r"|diesen|ces|los|las"
    r"|estos|estas|questi|queste|os|as|dos|das|destes|destas|deze|tych|этих|one|ones)){0,3}"
)
_ANY = (
    r"(?:files?|docs?|pdfs?|datei(?:en)?|fichiers?|archivos?|ficheros?|file|arquivos?|ficheiros?"
    r"|bestand(?:en)?|plik\w*|файл\w*|dosya\w*|ملف)"
)
_SORT = (
    # Documents are needed for a passport as well.
    r"(?:documents?|texts?|dokumente?n?|texte?n?|textes?|documentos?|textos?|documenti|documento"
    r"|testi|testo|tekst(?:en)?|dokument\w*|tekst\w*|документ\w*|текст\w*|belge\w*"
    r"|metin\w*|metni\w*"
    r"|وثيقة|مستند|نص|papers?|articles?|letters?|e-?mails?|mails?|reports?|chapters?"
    r"|sections?|polic(?:y|ies)"
    r"|recipes?|notes?|issues?|episodes?|parts?|leaflets?|memos?|contracts?|guides?|manuals?"
    r"|handbooks?|minutes|day|entry|entries|slides?|presentations?|briefe?s?|briefen|schreiben"
    r"|berichte?n?|kapiteln?|abschnitte?s?|abschnitten|rezepte?n?|notiz(?:en)?|ausgaben?|folgen?"
    r"|teil(?:en)?|verträgen?|vertrag|protokolle?n?|artikeln?|lettres?|courriers?|rapports?"
    r"|chapitres?|parties?|recettes?|contrats?|épisodes?|cartas?|correos?|informes?"
    r"|capítulos?|partes?"
    r"|secci(?:ón|ones)|apartados?|recetas?|artículos?|contratos?|letter[ae]"
    r"|relazion[ei]|capitol[oi]"
    r"|sezion[ei]|ricett[ae]|articol[oi]|verbal[ei]|relatórios?|secç(?:ão|ões)"
    r"|seç(?:ão|ões)|receitas?"
    r"|artigos?|brief|brieven|rapport(?:en)?|verslag(?:en)?|hoofdstuk(?:ken)?|onderde(?:el|len)"
    r"|paragra(?:af|fen)|recept(?:en)?|list(?:y|u|ach|ów|em)?|raport\w*|rozdzia\w*|przepis\w*"
    r"|artykuł\w*|письм\w*|отчёт\w*|отчет\w*|глав(?:а|ы|е|у|ой|ах)?|раздел(?:е|ы|а|ах)?|стать\w+"
    r"|рецепт\w*|част(?:ь|и|ях)|протокол\w*|mektup\w*|mektub\w*|rapor\w*|bölüm\w*"
    r"|makale\w*|tarif\w*"
    r"|رسالة|تقرير|فصل|قسم|وصفة|مقال)"
)
# A kind of document may be one that a text speaks of; what it says is asked for with these words.
_SAYING = re.compile(
    r"\b(?:mention\w*|about|deals?|dealing|discuss\w*|talks?|cover\w*|describ\w*|contain\w*|says?"
    r"|appears?|refers?|find|read|erwähn\w*|handelt|geht|behandel\w*|steht|stehen|beschr\w*|enthält"
    r"|vorkommt|mentionne\w*|parle\w*|trait\w+|question|trouve\w*|contient|évoque\w*|habla\w*"
    r"|menciona\w*|trata\w*|dice|contiene|aparece\w*|encuentr\w*|parla\w*|menziona\w*"
    r"|tratta\w*|trova"
    r"|fala\w*|diz|contém|gaat|vermeld\w*|noemt|staat|beschrij\w*|bevat|wspomina\w*"
    r"|mowa|mówi\w*|pisz\w+"
    r"|opisuj\w+|zawiera|znajd\w+|jest o|говор\w+|упомина\w*|речь|описан\w*|написано|сказано"
    r"|содерж\w*|bahsed\w*|söz|geçiyor|anlat\w*|hakkında|yazıyor|يذكر|تذكر|يتحدث|تتحدث"
    r"|يتناول|تتناول"
    r"|ورد|عن)\b|있|나오|나와|적혀|쓰여|다루|언급"
    r"|\b(?:documents?|files?|letters?|reports?|articles?|papers?) (?:are there )?(?:on|for)\b"
    r"|zum thema|\bdok\w+ (?:zu|zur|zum|über)\b|\b(?:documents?|fichiers?|textes?) sur\b"
    r"|\b(?:documentos?|archivos?|arquivos?|ficheiros?) sobre\b|\bdocument[oi] su\b|\bfile su\b"
    r"|\b(?:document|bestand)\w* over\b|\bdokument\w* o\b|\b(?:документ|файл)\w* обо?\b"
    # "Which letter is from Ann?"
    r"|\b(?:is|are|was|ist|est|es|è|é|jest) (?:by|from|on|von|über|vom|sur|de|du|del"
    r"|sobre|di|sul|da|do"
    r"|van|over|od)\b",
    re.IGNORECASE,
)
_KOREAN = (
    r"(?:문서|파일|자료|글|편지|메일|보고서|장|부분|섹션|페이지|레시피|논문)"
    r"(?:에서?|이|가|은|는|을|를)?"
)
_ASKS_WHICH = re.compile(
    rf"(?:{_WHICH})(?:{_OF}\s+(?:(?P<any>{_ANY})|{_SORT})(?!\w)|\s+(?:of|von|de|di|van"
    rf"|из) (?:these|those|them"
    rf"|diesen|denen|ces|estos|estas|questi|queste|estes|estas|deze|них|этих)|\s+{_KOREAN}(?=\s|$))"
    r"|\b(?:laquelle|lequel)\b",
    re.IGNORECASE,
)
# What asks where something is said, up to what it is about.
_WHERE_SAID = re.compile(
    r"\b(?:where (?:(?:can|could|do|would|should) (?:i|we|you|one) (?:read|find|learn|look|see)"
    r"(?: up| out)?(?: something| anything| more| information| details| the part)?"
    r"(?: about| on| regarding)|(?:is|are|does it|do they) (?:it |the )?(?:written"
    r"|mentioned|described"
    r"|discussed|say|talk|mention|something said)(?: something| anything)?(?: about| on)?"
    r"|is the (?:part|bit|one|thing|section|page|text)(?: about| on| for| with)?)"
    r"|wo (?:steht|stehen|lese ich|liest man|finde ich|findet man|gibt es)"
    r"(?: (?:etwas|was|mehr|informationen|infos))? (?:über|zum|zur|zu|dass)"
    r"|wo geht es um|wo (?:kann|könnte) (?:ich|man)(?= .*lesen\b)(?: (?:etwas|was|mehr))?(?: über)?"
    r"|où (?:puis-je|peut-on|est-ce qu['’]on peut|est-ce que je peux) (?:lire|trouver"
    r"(?= (?:quelque chose|des informations|plus)\b.* sur))(?: (?:quelque chose|des informations"
    r"|plus(?: d['’]informations)?))?(?: sur)?|où (?:est-il|parle-t-on|est-ce qu['’]on)"
    r"(?: (?:question|parle))? (?:de|du|des|d['’])"
    r"|dónde (?:puedo leer|se habla|se menciona|encuentro información|hay algo|pone algo)"
    r"(?: (?:algo|más|información))?(?: (?:sobre|de|del))?"
    r"|dove (?:posso leggere|si parla|trovo (?:qualcosa|informazioni)|c['’]è scritto)"
    r"(?: (?:qualcosa|di più))?(?: (?:sul?l?[aoe']?|sui|di|del\w*))?"
    r"|onde (?:posso ler|se fala|se menciona|encontro (?:algo|informações)|está escrito)"
    r"(?: (?:algo|mais))?(?: (?:sobre|d[eoa]s?))?"
    r"|waar (?:kan ik (?:lezen|iets vinden|vinden)|kun je lezen|staat iets|lees ik|gaat het)"
    r"(?: (?:iets|meer))?(?: over)?"
    r"|gdzie (?:jest(?: mowa| coś| napisane)?|mowa|mogę przeczytać|przeczytam"
    r"|znajdę coś|piszą|pisze)"
    r"(?: coś)?(?: o)(?= )"
    r"|где (?:можно )?(?:говорится|написано|прочитать|прочесть|сказано|упоминается|речь)(?: идёт)?"
    r"(?: обо?)?)(?=\s|['’])"
    r"|أين (?:أقرأ|أجد شيئا|يمكنني أن أقرأ|يمكنني القراءة|ورد ذكر|يرد ذكر)(?: عن)?"
    r"|\bnerede (?:yazıyor|geçiyor|bahsediliyor|söz ediliyor|okuyabilirim)\b",
    re.IGNORECASE,
)
_PHRASES = {
    "zh": re.compile(
        r"(?:在)?哪一?[份个篇封本些张条]?(?:文件|文档|资料|文章|报告|信件|信|邮件|合同"
        r"|手册|论文|菜谱|食谱|章节?|部分(?=.*[讲说写提])|节(?!日)|通知|纪要)(?!刊|书)"
        r"|(?:在)?(?:哪里|哪儿|什么地方)(?:可以|能)?(?:读到|看到|提到|写到|讲到|说到|写着|提及)"
    ),
    "ja": re.compile(
        r"どの(?:文書|文章|書類|ファイル|ドキュメント|資料|手紙|メール|報告書|レポート|章"
        r"|部分|レシピ|論文|記事)"
        r"|どれ(?=[はがにで]|です|でしょう|[？?。]|$)|どこに(?=.*(?:書い|書か|載って))"
    ),
}
_WRITTEN = re.compile("[書載触述話記]")  # "Which of them is it written in?", not "Which is it?"
_SAYS = {
    "zh": re.compile(
        r"里面?|中|是?关于|提到|提及|讲到|讲述|讲|谈到|谈|说到|涉及|包含|写了?|有(?:没有)?"
        r"|的|是|了|吗|呢|可以|能|什么"
    ),
    "ja": re.compile(
        r"について|に関して|に関する|書(?:いて|かれて)(?:あ|い)?[るりま]?(?:す|した)?"
        r"|載って(?:い)?[るま]?す?"
        r"|出て[くき](?:る|ます)|触れて(?:い)?[るま]?す?|あ[るり](?:ます)?|ですか?"
        r"|でしょう|ますか?|すか|の|[はがをにでか]"
    ),
}


def topic_of_which(question: str) -> str | None:
    """Return what a document is asked for that says it; None of any other question.

    Args:
        question: As it was asked.
    """
    text = " ".join(question.split())
    if len(text) > _MOST_LETTERS:
        return None
    language = language_of(text)
    if language in _PHRASES:
        plain = simplified(text) if language == "zh" else text
        rest = _PHRASES[language].sub(" ", plain)
        if rest == plain or ("どれ" in plain and not _WRITTEN.search(plain)):
            return None
        return _words(_SAYS[language].sub(" ", rest))
    which = _ASKS_WHICH.search(text)
    if which is not None and (which["any"] or _SAYING.search(text)):
        rest = _ASKS_WHICH.sub(" ", text)
    else:
        rest = _WHERE_SAID.sub(" ", text)
    return _words(" ".join(names_in(rest, language))) if rest != text else None


def _words(text: str) -> str | None:
    words = re.findall(r"\w+(?:['’-]\w+)*", text)
    return " ".join(words) if any(fold(word) for word in words) else None
