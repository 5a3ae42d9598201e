"""Words that ask or only tie, by language: what is left of a question is what it is about.

Of scripts with spaces they are words; of Chinese, Japanese and Korean runs of letters, since there
a word has no border. To add a language, add its line to each table.
"""

from __future__ import annotations

import re

ASKING = {
    "en": """what which who whom whose when where why how many much long old far often tell show
        give list explain describe name find please know want kind type sort call exactly whats
        called named happen happened""",
    "de": """was welche welcher welches welchen welchem wer wen wem wessen wann wo wohin woher
        warum wieso weshalb wie viel viele lange oft bitte nenne zeige sage erkläre gibt heißt
        wieviel wofür wodurch womit worin woran wozu wovon""",
    "fr": """que quoi quel quelle quels quelles qui quand où pourquoi comment combien est-ce qu
        lequel laquelle lesquels lesquelles dites donnez montrez expliquez appelle""",
    "es": """qué que quién quien quiénes cuál cual cuáles cuándo cuando dónde donde adónde por
        cómo como cuánto cuánta cuántos cuántas dime muestra explica llama hay""",
    "it": """che cosa chi quale quali quando dove perché come quanto quanta quanti quante cos
        dimmi mostra spiega chiama""",
    "pt": """que quê o quem qual quais quando onde por porque porquê como quanto quanta quantos
        quantas diga mostre explique chama""",
    "nl": """wat welke welk wie wiens wanneer waar waarheen waarom hoe hoeveel vaak noem toon vertel
        heet waarin waarvan waarvoor""",
    "pl": """co jaki jaka jakie jakich kto kogo komu czyj kiedy gdzie skąd dokąd dlaczego jak ile
        czy który która które których podaj powiedz nazywa""",
    "ru": """что какой какая какое какие каких какую каком каким кто кого кому кем чем чей чья
        когда где куда откуда почему зачем как сколько ли который которая которые назовите
        скажите называется какова каков каковы""",
    "ar": """ما ماذا من متى أين كيف لماذا كم هل أي أية لمن بم بما مما عم فيم اذكر""",
}
TYING = {
    "de": """der die das den dem des ein eine einer einem einen eines und oder aber in im an am auf
        aus bei mit nach von vom zu zum zur für über unter um durch gegen ohne ist sind war waren
        wird werden wurde wurden worden hat haben hatte hatten sein kann können muss müssen soll
        sich es er sie wir ihr ihm ihn ihre sein seine seiner nicht kein keine auch als dass wenn
        noch nur so diese dieser dieses man mehr sehr dort hier da dann bis seit zwischen""",
    "fr": """le la les l un une des du de d et ou mais à au aux en dans sur sous pour par avec sans
        est sont était étaient a ont avait être avoir fut furent ce cet cette ces il elle ils elles
        on se s n ne pas plus y son sa ses leur leurs c t j je tu nous vous été cela entre""",
    "es": """el la los las un una unos unas de del y o a al en con por para sin sobre es son era
        eran fue fueron ser está están ha han había se su sus lo le les no más este esta estos
        estas entre desde hasta""",
    "it": """il lo la i gli le un uno una di del dello della dei degli delle e o a al allo alla ai
        agli alle in nel nella nei nelle con su sul sulla per da dal dalla è sono era erano fu
        furono essere ha hanno aveva si non più suo sua suoi questo questa tra fra l d""",
    "pt": """a os as um uma uns umas de do da dos das e ou em no na nos nas com por para pelo pela
        sem sobre é são era eram foi foram ser está estão tem têm tinha se seu sua seus suas não
        mais este esta entre ao à aos às""",
    "nl": """de het een en of maar in op aan van voor met door bij uit naar tot over onder te is
        zijn was waren wordt worden werd werden heeft hebben had kan kunnen moet niet geen ook als
        dat die dit deze er ze zij hij we zich haar hun""",
    "pl": """i w we z ze na do od o u po za przez dla przy jest są był była było były być nie się
        to ten ta te tego tej oraz lub a ale jego jej ich""",
    "ru": """и в во на с со к ко по из у о об от до за для при через без над под не ни но а или
        это этот эта эти тот та был была было были быть есть его ее её их он она они оно же бы
        также того том тем чтобы между""",
    "ar": """في على إلى عن مع بين من هو هي هم هذا هذه ذلك تلك التي الذي الذين كان كانت يكون تكون
        و أو ثم لا لم لن قد أن إن كل بعد قبل عند""",
}
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
    "ko": r"무엇|어디|언제|누구|누가|왜|어떻게|어떤|얼마나|얼마|몇|어느|무슨|입니까|습니까"
    r"|인가요?|나요|있습니까|있는|있|했|하는|하|된|되|은(?= |$)|는(?= |$)|을(?= |$)|를(?= |$)"
    r"|이(?= |$)|가(?= |$)|의(?= |$)|에서(?= |$)|에(?= |$)|으로(?= |$)|로(?= |$)|와(?= |$)"
    r"|과(?= |$)|도(?= |$)",
}
SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("ko", re.compile(r"[\uac00-\ud7a3]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
)
