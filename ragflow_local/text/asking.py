"""Commands and phrases that ask a question without a question word.

Question and function words of the languages with spaces are in ``function_words.txt``.
"""

# "Tell me", "Nenne", "Montrez": what is said to be asked for comes after them.
COMMANDS = """
    tell show give list explain describe find
    bitte nenne nennen zeige sage erkläre beschreibe
    dites donnez montrez expliquez décrivez
    dime muestra explica describe dimmi mostra spiega diga mostre explique
    noem toon vertel podaj powiedz назовите скажите اذكر"""
# What says which of its things is asked for, wherever it stands.
ASIDES = """
    name please know want kind type sort call exactly called named happen happened
    long many much often heißt appelle llama chiama chama heet nazywa называется"""
RUNS = {
    "zh": r"請問|请问|请|請|是什么(?:意思)?|是什麼|什么时[候间]|什麼時[候間]|什么样的?|什么|什麼"
    r"|为什么|為什麼|为何|為何|何时|何時|何地|何人|何处|何處|哪一?[个個些位年天种種座里裡儿兒]?|谁|誰"
    r"|多少|几(?=[个年月日次人种名岁])|幾(?=[個年月日次人種名歲])|怎么样?|怎麼樣?|怎样|怎樣|如何"
    r"|是否|有没有|有沒有|能不能|是不是|[吗嗎呢吧啊]|有哪些|的|在|了",
    "ja": r"何(?:ですか|でしょう|人|年|月|日|時|歳|回|個|つ)?|どこ|いつ|誰|だれ"
    r"|どの(?:ような|ように)?|どれ|どんな|どう|なぜ|いくつ|いくら|でしょう|でした|ですか|です"
    r"|ました|ますか"
    r"|にあり|ます|ている|ていた|である|であった|という|といった|される|された"
    r"|した|して|する|ある|いる"
    r"|から|まで|より|など|とは|には|では|への|での|[はがをにのでともへやか](?![ぁ-ん])",
    # Words that ask, with what is written at their end; and what a question ends with.
    "ko": r"(?<![가-힣])(?:무엇|무슨|뭐|어디|어딘|어딨|언제|누구|누가|왜|어떻게|어떤|얼마나|얼마"
    r"|며칠|어느|몇(?:\s?(?:개|명|번째|번|년도|년|월|일|살|시간|시|마리|대|곳|권)(?![가-힣]{2}))?)"
    r"(?:에서|에|으로|로|까지|부터|을|를|은|는|이|가|의|와|과)?"
    r"(?:이었|였|이|인)?(?:습니까|입니까|일까요?|인가요?|나요?|가요?|인지|는지|지)?"
    r"(?=[\s?.!]|$)|(?:하였|되었|했었|했|됐|되|하|있었|있|았|었|였|이|인|한|된|할|될)?"
    r"(?:습니까|입니까|합니까|됩니까|나요?|는가요?|은가요?|인가요?|던가요?|까요?|는지|인지)"
    r"(?=[\s?.!]|$)|(?<=[가-힣]{2})(?:하는|했던|되는|하여|있는)(?=\s|$)|(?<![가-힣])있는(?=\s|$)",
}

# What is asked for, where a word of the question says it, in all languages at once.
KINDS = {
    "time": r"\b(?:when|(?:what|which|in what) (?:year|date|day|month|century|decade|time)|wann"
    r"|welche[mns]? (?:jahr|tag|monat|datum|jahrhundert)|quand|quelle (?:année|date)|cuándo"
    r"|qué (?:año|fecha|día)|quando|che (?:anno|data)|que (?:ano|data|dia)|wanneer|welk jaar|kiedy"
    r"|którym roku|когда|каком году|каком веке)\b|متى|أي عام|何时|何時|什么时[候间]|什麼時[候間]"
    r"|哪一?[年天日月]|几[月年日]|幾[月年日]|いつ|何[年月日時]|언제|몇 ?[년월일시]",
    "number": r"\b(?:how (?:many|much|long|old|far|large|big|high|tall|often|fast|deep|wide|heavy)"
    r"|percent\w*|wie ?(?:viele?|lange|alt|hoch|gro(?:ß|ss)|oft|weit|schnell|schwer|tief)|combien"
    r"|cuánt[oa]s?|quant[oi]s?|quant[ae]|hoeveel|hoe (?:lang|oud|hoog|groot|vaak)|ile|сколько)\b"
    r"|كم|多少|几(?!乎)|幾(?!乎)|多[大高长長远遠久重快深宽寬]|いくつ|いくら|どのくらい|何[人個回歳%]"
    r"|얼마|몇",
    "person": r"\b(?:who|whom|whose|wer|wem|wen|wessen|qui|quién(?:es)?|chi|quem"
    r"|wie(?= (?:is|was|heeft))|kto|kogo|кто|кого|кому|кем)\b|(?:^|\s)من\s"
    r"|谁|誰|何人|だれ|누[구가]",
}

# What asks for a place.
WHERE = (
    r"\b(?:where|wo|wohin|woher|où|d['’]où|dónde|adónde|dove|onde|aonde|waar|gdzie|skąd|где|куда"
    r"|откуда|nerede|nereye|nereden|kde|hvor(?= )|πού)\b"
    r"|أين|哪里|哪裡|哪儿|哪兒|何处|何處|どこ|어디"
)
# What asks for a reason, and what says one.
WHY = (
    r"\b(?:why|how come|for what reason|warum|wieso|weshalb|weswegen|pourquoi|por ?qu[eé]|porqu[eê]"
    r"|perché|waarom|dlaczego|czemu|почему|зачем|отчего|чому|neden|niçin|niye|varför|hvorfor|proč"
    r"|prečo|miért|γιατί)\b|لماذا|为什么|為什麼|为何|為何|なぜ|どうして|왜(?=\s)"
)
CAUSES = (
    r"\b(?:because|since|due to|owing to|as a result|therefore|so that|in order to|thanks to|caused"
    r"|on account of|after|once|for|so|reason"
    r"|weil|denn|deshalb|daher|wegen|da|nachdem|nach|um|aufgrund|damit|durch|infolge|parce|car|puisque"
    r"|afin|à cause|grâce à|en raison|faute de|suite à|porque|pues|debido|gracias a|a raíz|por"
    r"|a causa|perché|poiché|siccome|dovuto|per via|pois|devido|omdat|want|doordat|vanwege|door"
    r"|wegens|ponieważ|bo|gdyż|z powodu|przez|wskutek|потому|поскольку|из-за|чтобы|вследствие|через"
    r"|тому що|бо|внаслідок|çünkü|nedeniyle|yüzünden|için|dolayı|eftersom|därför|på grund|fordi"
    r"|på grunn|protože|kvůli|mert|miatt)\b"
    r"|لأن|بسبب|因为|因為|由于|由於|以免|所以|ため|ので|から|때문|해서|므로"
)

# What asks for the words of a person, and what stands around what they are about.
SAYS = (
    r"\b(?:(?:did|does|do|had|has)\s+(?=.*\b(?:say|said|think|answer|answered|reply|replied|write"
    r"|written|promise|propose|suggest|offer|advise|warn|claim|mention|tell)\b)"
    r"|say|says|said|think|thinks|answer|answered|replied|reply|wrote|write|written|promise|promised"
    r"|propose|proposed|suggest|suggested|offer|offered|advise|advised|warn|warned|claim|claimed"
    r"|mention|mentioned|told|tells|erzählt|erzählte|raconte|contó|sagt|sagte|gesagt|meint|meinte|geantwortet|antwortet\w*|geschrieben|schrieb"
    r"|versprochen|verspricht|vorgeschlagen|dit|disait|promis|répondu|répond|pense|proposé|écrit|dijo"
    r"|dice|dicho|respondió|prometió|propuso|opina|escribió|detto|disse|promesso|risposto|pensa"
    r"|proposto|scritto|disseram|diz|respondeu|prometeu|propôs|escreveu|zei|zegt|gezegd|antwoordde"
    r"|beloofd\w*|schreef|powiedział\w*|mówił\w*|mówi|odpowiedział\w*|obiecał\w*|napisał\w*"
    r"|сказал\w*|говорит|говорил\w*|ответил\w*|обещал\w*|думает|написал\w*|dedi|diyor|söyledi"
    r"|söylüyor|cevap verdi|yazdı)\b|قالت?|يقول|أجابت?|怎么说|怎麼說|说了?什么|說了?什麼|有什么意见"
    r"|回答|言い(?:ました|ます)|言っ[たて]|答え(?:ました|ます|た)|뭐라고|말했|대답"
)
ABOUT = (
    r"\b(?:about|on|regarding|concerning|über|zum|zur|zu|bezüglich|sur|sobre|acerca del?|sull[aoe]?"
    r"|sul|sui|sugli|over|na temat|об?|про|для|pour)\b\s*(.+)$|(.+?)\s+hakkında"
    r"|对(.+?)(?=怎么|怎麼|有什么|说|說)|對(.+?)(?=怎麼|說)|(?:は|が)\s*(.+?)(?:について|に関して)"
    r"|(?:은|는|이|가)\s+(.+?)에 ?대해|عن\s+(.+)$"
)
# What asks for the number of a release.
VERSION = (
    r"\b(?:(?:which|what|welche[rns]?|quelle|qué|quale|qual|welke|której|какой|какая)\s+"
    r"(?:version|release|versione|versión|versão|versie|wersj\w+|верси\w+))\b|哪个版本|哪個版本"
    r"|どのバージョン|어느 버전|hangi sürüm|أي إصدار"
)
# What asks for a way to do something, and not for a number.
HOW = (
    r"\b(?:how (?:do|does|can|could|should|would|must|to|am|is|are)|(?:the )?steps (?:to|for|of)"
    r"|wie (?!viel|lange|oft|alt|hoch|groß|weit|heißt)|comment|cómo|como"
    r"|hoe (?!veel|lang|oud|hoog|groot|vaak)"
    r"|jak (?!dług|duż|częst)|как(?= )|як(?= )|nasıl|hur (?!mång|länge|ofta|stor)|πώς)|كيف"
    r"|怎么|怎麼|怎样|怎樣|如何|どう(?:やって|すれば|したら)|方法|手順|어떻게|방법|순서"
)
