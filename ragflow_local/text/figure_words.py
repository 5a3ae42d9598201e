"""Number words, months and days of the week of many languages, as figures.

Made by ``benchmarks/figure_words.py`` from CLDR and num2words: for each figure its words.
``m3`` is March, ``d1`` Monday.
"""

from __future__ import annotations

FIGURE_WORDS = {
    "en": """
m1 january; m2 february; m3 march; m4 april; m5 may; m6 june; m7 july; m8 august; m9
september; m10 october; m11 november; m12 december; d7 sunday; d1 monday; d2 tuesday; d3
wednesday; d4 thursday; d5 friday; d6 saturday; 2 two second; 3 three third; 4 four fourth;
5 five fifth; 6 six sixth; 7 seven seventh; 8 eight eighth; 9 nine ninth; 10 ten tenth; 11
eleven eleventh; 12 twelve twelfth; 13 thirteen thirteenth; 14 fourteen fourteenth; 15
fifteen fifteenth; 16 sixteen sixteenth; 17 seventeen seventeenth; 18 eighteen eighteenth;
19 nineteen nineteenth; 20 twenty twentieth; 30 thirty thirtieth; 40 forty fortieth; 50
fifty fiftieth; 60 sixty sixtieth; 70 seventy seventieth; 80 eighty eightieth; 90 ninety
ninetieth""",
    "de": """
m1 januar; m2 februar; m3 märz; m4 april; m5 mai; m6 juni; m7 juli; m8 august; m9 september;
m10 oktober; m11 november; m12 dezember; d7 sonntag; d1 montag; d2 dienstag; d3 mittwoch; d4
donnerstag; d5 freitag; d6 samstag; 2 zwei zweite; 3 drei dritte; 4 vier vierte; 5 fünf
fünfte; 6 sechs sechste; 7 sieben siebte; 8 acht achte; 9 neun neunte; 10 zehn zehnte; 11
elf elfte; 12 zwölf zwölfte; 13 dreizehn dreizehnte; 14 vierzehn vierzehnte; 15 fünfzehn
fünfzehnte; 16 sechzehn sechzehnte; 17 siebzehn siebzehnte; 18 achtzehn achtzehnte; 19
neunzehn neunzehnte; 20 zwanzig zwanzigste; 30 dreissig dreissigste; 40 vierzig vierzigste;
50 fünfzig fünfzigste; 60 sechzig sechzigste; 70 siebzig siebzigste; 80 achtzig achtzigste;
90 neunzig neunzigste; 100 einhundert hundertste""",
    "fr": """
m1 janvier; m2 février; m3 mars; m4 avril; m5 mai; m6 juin; m7 juillet; m8 août; m9
septembre; m10 octobre; m11 novembre; m12 décembre; d7 dimanche; d1 lundi; d2 mardi; d3
mercredi; d4 jeudi; d5 vendredi; d6 samedi; 2 deux deuxième; 3 trois troisième; 4 quatre
quatrième; 5 cinq cinquième; 6 six sixième; 7 sept septième; 8 huit huitième; 9 neuf
neuvième; 10 dix dixième; 11 onze onzième; 12 douze douzième; 13 treize treizième; 14
quatorze quatorzième; 15 quinze quinzième; 16 seize seizième; 20 vingt vingtième; 30 trente
trentième; 40 quarante quarantième; 50 cinquante cinquantième; 60 soixante soixantième; 100
cent centième""",
    "es": """
m1 enero; m2 febrero; m3 marzo; m4 abril; m5 mayo; m6 junio; m7 julio; m8 agosto; m9
septiembre; m10 octubre; m11 noviembre; m12 diciembre; d7 domingo; d1 lunes; d2 martes; d3
miércoles; d4 jueves; d5 viernes; d6 sábado; 2 dos segundo; 3 tres tercero; 4 cuatro cuarto;
5 cinco quinto; 6 seis sexto; 7 siete séptimo; 8 ocho octavo; 9 nueve noveno; 10 diez
décimo; 11 once décimoprimero; 12 doce décimosegundo; 13 trece; 14 catorce; 15 quince; 16
dieciséis; 17 diecisiete; 18 dieciocho; 19 diecinueve; 20 veinte vigésimo; 30 treinta
trigésimo; 40 cuarenta quadragésimo; 50 cincuenta quincuagésimo; 60 sesenta sexagésimo; 70
setenta septuagésimo; 80 ochenta octogésimo; 90 noventa nonagésimo; 100 cien centésimo""",
    "it": """
m1 gennaio; m2 febbraio; m3 marzo; m4 aprile; m5 maggio; m6 giugno; m7 luglio; m8 agosto; m9
settembre; m10 ottobre; m11 novembre; m12 dicembre; d7 domenica; d1 lunedì; d2 martedì; d3
mercoledì; d4 giovedì; d5 venerdì; d6 sabato; 2 due secondo; 3 tre terzo; 4 quattro quarto;
5 cinque quinto; 6 sei sesto; 7 sette settimo; 8 otto ottavo; 9 nove nono; 10 dieci decimo;
11 undici undicesimo; 12 dodici dodicesimo; 13 tredici tredicesimo; 14 quattordici
quattordicesimo; 15 quindici quindicesimo; 16 sedici sedicesimo; 17 diciassette
diciassettesimo; 18 diciotto diciottesimo; 19 diciannove diciannovesimo; 20 venti ventesimo;
30 trenta trentesimo; 40 quaranta quarantesimo; 50 cinquanta cinquantesimo; 60 sessanta
sessantesimo; 70 settanta settantesimo; 80 ottanta ottantesimo; 90 novanta novantesimo; 100
cento centesimo""",
    "pt": """
m1 janeiro; m2 fevereiro; m3 março; m4 abril; m5 maio; m6 junho; m7 julho; m8 agosto; m9
setembro; m10 outubro; m11 novembro; m12 dezembro; d7 domingo; d1 segunda-feira; d2
terça-feira; d3 quarta-feira; d4 quinta-feira; d5 sexta-feira; d6 sábado; 2 dois segundo; 3
três terceiro; 4 quatro quarto; 5 cinco quinto; 6 seis sexto; 7 sete sétimo; 8 oito oitavo;
9 nove nono; 10 dez décimo; 11 onze; 12 doze; 13 treze; 14 catorze; 15 quinze; 16 dezasseis;
17 dezassete; 18 dezoito; 19 dezanove; 20 vinte vigésimo; 30 trinta trigésimo; 40 quarenta
quadragésimo; 50 cinquenta quinquagésimo; 60 sessenta sexagésimo; 70 setenta septuagésimo;
80 oitenta octogésimo; 90 noventa nonagésimo; 100 cem centésimo""",
    "nl": """
m1 januari; m2 februari; m3 maart; m4 april; m5 mei; m6 juni; m7 juli; m8 augustus; m9
september; m10 oktober; m11 november; m12 december; d7 zondag; d1 maandag; d2 dinsdag; d3
woensdag; d4 donderdag; d5 vrijdag; d6 zaterdag; 2 twee tweede; 3 drie derde; 4 vier vierde;
5 vijf vijfde; 6 zes zesde; 7 zeven zevende; 8 acht achtste; 9 negen negende; 10 tien
tiende; 11 elf elfde; 12 twaalf twaalfde; 13 dertien dertiende; 14 veertien veertiende; 15
vijftien vijftiende; 16 zestien zestiende; 17 zeventien zeventiende; 18 achttien achttiende;
19 negentien negentiende; 20 twintig twintigste; 30 dertig dertigste; 40 veertig veertigste;
50 vijftig vijftigste; 60 zestig zestigste; 70 zeventig zeventigste; 80 tachtig tachtigste;
90 negentig negentigste; 100 honderd honderdste""",
    "ru": """
m1 января январь; m2 февраля февраль; m3 марта март; m4 апреля апрель; m5 мая май; m6 июня
июнь; m7 июля июль; m8 августа август; m9 сентября сентябрь; m10 октября октябрь; m11 ноября
ноябрь; m12 декабря декабрь; d7 воскресенье; d1 понедельник; d2 вторник; d3 среда; d4
четверг; d5 пятница; d6 суббота; 2 два второй; 3 три третий; 4 четыре четвёртый; 5 пять
пятый; 6 шесть шестой; 7 семь седьмой; 8 восемь восьмой; 9 девять девятый; 10 десять
десятый; 11 одиннадцать одиннадцатый; 12 двенадцать двенадцатый; 13 тринадцать тринадцатый;
14 четырнадцать четырнадцатый; 15 пятнадцать пятнадцатый; 16 шестнадцать шестнадцатый; 17
семнадцать семнадцатый; 18 восемнадцать восемнадцатый; 19 девятнадцать девятнадцатый; 20
двадцать двадцатый; 30 тридцать тридцатый; 40 сорок сороковой; 50 пятьдесят пятидесятый; 60
шестьдесят шестидесятый; 70 семьдесят семидесятый; 80 восемьдесят восьмидесятый; 90
девяносто девяностый; 100 сто сотый""",
    "uk": """
m1 січня січень; m2 лютого лютий; m3 березня березень; m4 квітня квітень; m5 травня травень;
m6 червня червень; m7 липня липень; m8 серпня серпень; m9 вересня вересень; m10 жовтня
жовтень; m11 листопада листопад; m12 грудня грудень; d7 неділя; d1 понеділок; d2 вівторок;
d3 середа; d4 четвер; d5 пʼятниця; d6 субота; 2 два другий; 3 три третій; 4 чотири
четвертий; 5 п'ять п'ятий; 6 шість шостий; 7 сім сьомий; 8 вісім восьмий; 9 дев'ять
дев'ятий; 10 десять десятий; 11 одинадцять одинадцятий; 12 дванадцять дванадцятий; 13
тринадцять тринадцятий; 14 чотирнадцять чотирнадцятий; 15 п'ятнадцять п'ятнадцятий; 16
шістнадцять шістнадцятий; 17 сімнадцять сімнадцятий; 18 вісімнадцять вісімнадцятий; 19
дев'ятнадцять дев'ятнадцятий; 20 двадцять двадцятий; 30 тридцять тридцятий; 40 сорок
сороковий; 50 п'ятдесят п'ятдесятий; 60 шістдесят шістдесятий; 70 сімдесят сімдесятий; 80
вісімдесят вісімдесятий; 90 дев'яносто дев'яностий; 100 сто сотий""",
    "pl": """
m1 stycznia styczeń; m2 lutego luty; m3 marca marzec; m4 kwietnia kwiecień; m5 maja maj; m6
czerwca czerwiec; m7 lipca lipiec; m8 sierpnia sierpień; m9 września wrzesień; m10
października październik; m11 listopada listopad; m12 grudnia grudzień; d7 niedziela; d1
poniedziałek; d2 wtorek; d3 środa; d4 czwartek; d5 piątek; d6 sobota; 2 dwa drugi; 3 trzy
trzeci; 4 cztery czwarty; 5 pięć piąty; 6 sześć szósty; 7 siedem siódmy; 8 osiem ósmy; 9
dziewięć dziewiąty; 10 dziesięć dziesiąty; 11 jedenaście jedenasty; 12 dwanaście dwunasty;
13 trzynaście trzynasty; 14 czternaście czternasty; 15 piętnaście piętnasty; 16 szesnaście
szesnasty; 17 siedemnaście siedemnasty; 18 osiemnaście osiemnasty; 19 dziewiętnaście
dziewiętnasty; 20 dwadzieścia dwudziesty; 30 trzydzieści trzydziesty; 40 czterdzieści
czterdziesty; 50 pięćdziesiąt pięćdziesiąty; 60 sześćdziesiąt sześćdziesiąty; 70
siedemdziesiąt siedemdziesiąty; 80 osiemdziesiąt osiemdziesiąty; 90 dziewięćdziesiąt
dziewięćdziesiąty; 100 sto setny""",
    "sv": """
m1 januari; m2 februari; m3 mars; m4 april; m5 maj; m6 juni; m7 juli; m8 augusti; m9
september; m10 oktober; m11 november; m12 december; d7 söndag; d1 måndag; d2 tisdag; d3
onsdag; d4 torsdag; d5 fredag; d6 lördag; 2 två andra; 3 tre tredje; 4 fyra fjärde; 5 fem
femte; 6 sex sjätte; 7 sju sjunde; 8 åtta åttonde; 9 nio nionde; 10 tio tionde; 11 elva
elfte; 12 tolv tolfte; 13 tretton trettonde; 14 fjorton fjortonde; 15 femton femtonde; 16
sexton sextonde; 17 sjutton sjuttonde; 18 arton artonde; 19 nitton nittonde; 20 tjugo
tjugode; 30 trettio trettionde; 40 förtio förtionde; 50 femtio femtionde; 60 sextio
sextionde; 70 sjuttio sjuttionde; 80 åttio åttionde; 90 nittio nittionde; 100 etthundra
etthundrade""",
    "no": """
m1 januar; m2 februar; m3 mars; m4 april; m5 mai; m6 juni; m7 juli; m8 august; m9 september;
m10 oktober; m11 november; m12 desember; d7 søndag; d1 mandag; d2 tirsdag; d3 onsdag; d4
torsdag; d5 fredag; d6 lørdag; 2 to andre; 3 tre tredje; 4 fire fjerde; 5 fem femte; 6 seks
sjette; 7 syv syvende; 8 åtte åttende; 9 ni niende; 10 ti tiende; 11 elleve ellevte; 12 tolv
tolvte; 13 tretten trettførste; 14 fjorten fjortende; 15 femten femtende; 16 seksten
sekstende; 17 sytten syttende; 18 atten attende; 19 nitten nittende; 20 tjue tjuende; 30
tretti trettiende; 40 førti førtiende; 50 femti femtiende; 60 seksti sekstiende; 70 sytti
syttiende; 80 åtti åttiende; 90 nitti nittiende""",
    "da": """
m1 januar; m2 februar; m3 marts; m4 april; m5 maj; m6 juni; m7 juli; m8 august; m9
september; m10 oktober; m11 november; m12 december; d7 søndag; d1 mandag; d2 tirsdag; d3
onsdag; d4 torsdag; d5 fredag; d6 lørdag; 2 to anden; 3 tre tredje; 4 fire fjerde; 5 fem
femte; 6 seks sjette; 7 syv syvende; 8 otte ottende; 9 ni niende; 10 ti tiende; 11 elleve
ellevte; 12 tolv tolvte; 13 tretten trettende; 14 fjorten fjortende; 15 femten femtende; 16
seksten sekstende; 17 sytten syttende; 18 atten attende; 19 nitten nittende; 20 tyve
tyvende; 30 tredive tredivete; 40 fyrre fyrreende; 50 halvtreds halvtredsende; 60 treds
tredsende; 70 halvfjerds halvfjerdsende; 80 firs firsende; 90 halvfems halvfemsende; 100
ethundrede ethundredete""",
    "cs": """
m1 ledna leden; m2 února únor; m3 března březen; m4 dubna duben; m5 května květen; m6 června
červen; m7 července červenec; m8 srpna srpen; m9 září; m10 října říjen; m11 listopadu
listopad; m12 prosince prosinec; d7 neděle; d1 pondělí; d2 úterý; d3 středa; d4 čtvrtek; d5
pátek; d6 sobota; 2 dva; 3 tři; 4 čtyři; 5 pět; 6 šest; 7 sedm; 8 osm; 9 devět; 10 deset; 11
jedenáct; 12 dvanáct; 13 třináct; 14 čtrnáct; 15 patnáct; 16 šestnáct; 17 sedmnáct; 18
osmnáct; 19 devatenáct; 20 dvacet; 30 třicet; 40 čtyřicet; 50 padesát; 60 šedesát; 70
sedmdesát; 80 osmdesát; 90 devadesát; 100 sto""",
    "fi": """
m1 tammikuuta tammikuu; m2 helmikuuta helmikuu; m3 maaliskuuta maaliskuu; m4 huhtikuuta
huhtikuu; m5 toukokuuta toukokuu; m6 kesäkuuta kesäkuu; m7 heinäkuuta heinäkuu; m8 elokuuta
elokuu; m9 syyskuuta syyskuu; m10 lokakuuta lokakuu; m11 marraskuuta marraskuu; m12
joulukuuta joulukuu; d7 sunnuntaina sunnuntai; d1 maanantaina maanantai; d2 tiistaina
tiistai; d3 keskiviikkona keskiviikko; d4 torstaina torstai; d5 perjantaina perjantai; d6
lauantaina lauantai; 2 kaksi toinen; 3 kolme kolmas; 4 neljä neljäs; 5 viisi viides; 6 kuusi
kuudes; 7 seitsemän seitsemäs; 8 kahdeksan kahdeksas; 9 yhdeksän yhdeksäs; 10 kymmenen
kymmenes; 11 yksitoista yhdestoista; 12 kaksitoista kahdestoista; 13 kolmetoista
kolmastoista; 14 neljätoista neljästoista; 15 viisitoista viidestoista; 16 kuusitoista
kuudestoista; 17 seitsemäntoista seitsemästoista; 18 kahdeksantoista kahdeksastoista; 19
yhdeksäntoista yhdeksästoista; 20 kaksikymmentä kahdeskymmenes; 30 kolmekymmentä
kolmaskymmenes; 40 neljäkymmentä neljäskymmenes; 50 viisikymmentä viideskymmenes; 60
kuusikymmentä kuudeskymmenes; 70 seitsemänkymmentä seitsemäskymmenes; 80 kahdeksankymmentä
kahdeksaskymmenes; 90 yhdeksänkymmentä yhdeksäskymmenes; 100 sata sadas""",
    "tr": """
m1 ocak; m2 şubat; m3 mart; m4 nisan; m5 mayıs; m6 haziran; m7 temmuz; m8 ağustos; m9 eylül;
m10 ekim; m11 kasım; m12 aralık; d7 pazar; d1 pazartesi; d2 salı; d3 çarşamba; d4 perşembe;
d5 cuma; d6 cumartesi; 2 iki ikinci; 3 üç üçüncü; 4 dört dördüncü; 5 beş beşinci; 6 altı
altıncı; 7 yedi yedinci; 8 sekiz sekizinci; 9 dokuz dokuzuncu; 10 on onuncu; 11 onbir
onbirinci; 12 oniki onikinci; 13 onüç onüçüncü; 14 ondört ondördüncü; 15 onbeş onbeşinci; 16
onaltı onaltıncı; 17 onyedi onyedinci; 18 onsekiz onsekizinci; 19 ondokuz ondokuzuncu; 20
yirmi yirminci; 30 otuz otuzuncu; 40 kırk kırkıncı; 50 elli ellinci; 60 altmış altmışıncı;
70 yetmiş yetmişinci; 80 seksen sekseninci; 90 doksan doksanıncı; 100 yüz yüzüncü""",
    "ro": """
m1 ianuarie; m2 februarie; m3 martie; m4 aprilie; m5 mai; m6 iunie; m7 iulie; m8 august; m9
septembrie; m10 octombrie; m11 noiembrie; m12 decembrie; d7 duminică; d1 luni; d2 marți; d3
miercuri; d4 joi; d5 vineri; d6 sâmbătă; 2 doi; 3 trei; 4 patru; 5 cinci; 6 șase; 7 șapte; 8
opt; 9 nouă; 10 zece; 11 unsprezece; 12 doisprezece; 13 treisprezece; 14 paisprezece; 15
cincisprezece; 16 șaisprezece; 17 șaptesprezece; 18 optsprezece; 19 nouăsprezece; 20
douăzeci; 30 treizeci; 40 patruzeci; 50 cincizeci; 60 șaizeci; 70 șaptezeci; 80 optzeci; 90
nouăzeci""",
    "hu": """
m1 január; m2 február; m3 március; m4 április; m5 május; m6 június; m7 július; m8 augusztus;
m9 szeptember; m10 október; m11 november; m12 december; d7 vasárnap; d1 hétfő; d2 kedd; d3
szerda; d4 csütörtök; d5 péntek; d6 szombat; 2 kettő második; 3 három harmadik; 4 négy
negyedik; 5 öt ötödik; 6 hat hatodik; 7 hét hetedik; 8 nyolc nyolcadik; 9 kilenc kilencedik;
10 tíz tizedik; 11 tizenegy tizenegyedik; 12 tizenkettő tizenkettedik; 13 tizenhárom
tizenharmadik; 14 tizennégy tizennegyedik; 15 tizenöt tizenötödik; 16 tizenhat tizenhatodik;
17 tizenhét tizenhetedik; 18 tizennyolc tizennyolcadik; 19 tizenkilenc tizenkilencedik; 20
húsz huszadik; 30 harminc harmincadik; 40 negyven negyvenedik; 50 ötven ötvenedik; 60 hatvan
hatvanadik; 70 hetven hetvenedik; 80 nyolcvan nyolcvanadik; 90 kilencven kilencvenedik; 100
száz századik""",
    "id": """
m1 januari; m2 februari; m3 maret; m4 april; m5 mei; m6 juni; m7 juli; m8 agustus; m9
september; m10 oktober; m11 november; m12 desember; d7 minggu; d1 senin; d2 selasa; d3 rabu;
d4 kamis; d5 jumat; d6 sabtu; 2 dua kedua; 3 tiga ketiga; 4 empat keempat; 5 lima kelima; 6
enam keenam; 7 tujuh ketujuh; 8 delapan kedelapan; 9 sembilan kesembilan; 10 sepuluh
kesepuluh; 11 sebelas kesebelas; 100 seratus keseratus""",
    "vi": """
2 hai; 3 ba; 4 bốn; 5 năm; 6 sáu; 7 bảy; 8 tám; 9 chín; 10 mười""",
    "ar": """
m1 يناير; m2 فبراير; m3 مارس; m4 أبريل; m5 مايو; m6 يونيو; m7 يوليو; m8 أغسطس; m9 سبتمبر;
m10 أكتوبر; m11 نوفمبر; m12 ديسمبر; d7 الأحد; d1 الاثنين; d2 الثلاثاء; d3 الأربعاء; d4
الخميس; d5 الجمعة; d6 السبت; 2 اثنان ثاني; 3 ثلاثة ثالث; 4 أربعة رابع; 5 خمسة خامس; 6 ستة
سادس; 7 سبعة سابع; 8 ثمانية ثامن; 9 تسعة تاسع; 10 عشرة عاشر; 20 عشرون; 30 ثلاثون; 40 أربعون;
50 خمسون; 60 ستون; 70 سبعون; 80 ثمانون; 90 تسعون; 100 مائة""",
    "he": """
m1 ינואר; m2 פברואר; m3 מרץ; m4 אפריל; m5 מאי; m6 יוני; m7 יולי; m8 אוגוסט; m9 ספטמבר; m10
אוקטובר; m11 נובמבר; m12 דצמבר; 2 שתיים שני; 3 שלוש שלישי; 4 ארבע רביעי; 5 חמש חמישי; 6 שש
שישי; 7 שבע שביעי; 8 שמונה שמיני; 9 תשע תשיעי; 10 עשר עשירי; 20 עשרים העשרים; 30 שלושים
השלושים; 40 ארבעים הארבעים; 50 חמישים החמישים; 60 שישים השישים; 70 שבעים השבעים; 80 שמונים
השמונים; 90 תשעים התשעים; 100 מאה המאה""",
    "fa": """
m1 ژانویه; m2 فوریه; m3 مارس; m4 آوریل; m5 مه; m6 ژوئن; m7 ژوئیه; m8 اوت; m9 سپتامبر; m10
اکتبر; m11 نوامبر; m12 دسامبر; d7 یکشنبه; d1 دوشنبه; d2 سه‌شنبه; d3 چهارشنبه; d4 پنجشنبه; d5
جمعه; d6 شنبه; 2 دو دوم; 3 سه سوم; 4 چهار چهارم; 5 پنج پنجم; 6 شش ششم; 7 هفت هفتم; 8 هشت
هشتم; 9 نه نهم; 10 ده دهم; 11 یازده یازدهم; 12 دوازده دوازدهم; 13 سیزده سیزدهم; 14 چهارده
چهاردهم; 15 پانزده پانزدهم; 16 شانزده شانزدهم; 17 هفده هفدهم; 18 هجده هجدهم; 19 نوزده
نوزدهم; 20 بیست بیستم; 30 سی سیم; 40 چهل چهلم; 50 پنجاه پنجاهم; 60 شصت شصتم; 70 هفتاد
هفتادم; 80 هشتاد هشتادم; 90 نود نودم; 100 صد صدم""",
    "hi": """
m1 जनवरी; m2 फ़रवरी; m3 मार्च; m4 अप्रैल; m5 मई; m6 जून; m7 जुलाई; m8 अगस्त; m9 सितंबर; m10
अक्टूबर; m11 नवंबर; m12 दिसंबर; d7 रविवार; d1 सोमवार; d2 मंगलवार; d3 बुधवार; d4 गुरुवार; d5
शुक्रवार; d6 शनिवार""",
    "th": """
m1 มกราคม; m2 กุมภาพันธ์; m3 มีนาคม; m4 เมษายน; m5 พฤษภาคม; m6 มิถุนายน; m7 กรกฎาคม; m8
สิงหาคม; m9 กันยายน; m10 ตุลาคม; m11 พฤศจิกายน; m12 ธันวาคม; d7 วันอาทิตย์; d1 วันจันทร์; d2
วันอังคาร; d3 วันพุธ; d4 วันพฤหัสบดี; d5 วันศุกร์; d6 วันเสาร์; 2 สอง; 3 สาม; 4 สี่; 5 ห้า;
6 หก; 7 เจ็ด; 8 แปด; 9 เก้า; 10 สิบ; 11 สิบเอ็ด; 12 สิบสอง; 13 สิบสาม; 14 สิบสี่; 15 สิบห้า;
16 สิบหก; 17 สิบเจ็ด; 18 สิบแปด; 19 สิบเก้า; 20 ยี่สิบ; 30 สามสิบ; 40 สี่สิบ; 50 ห้าสิบ; 60
หกสิบ; 70 เจ็ดสิบ; 80 แปดสิบ; 90 เก้าสิบ; 100 หนึ่งร้อย""",
}
