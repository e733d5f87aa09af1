"""Is nobody there to read, and until when: what out-of-office answers say.

A subject or a text in, the words that say so out, or the day that is named as the end of the absence, or None.
Only a date that stands behind a word such as "until" or "back on" counts; without a year it is the next such
day, and a weekday alone is the next such day, too. Never fails: what is no date in the calendar is no date here.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

# Longer absences are typing errors, or no absences.
LONGEST = timedelta(days=400)

# --- words ----------------------------------------------------------------------------------------

_SUBJECT = re.compile(
    r"[\[(<*«\"'\s]{0,4}(?:automatic reply|automated (?:reply|response)|auto[- ]?(?:reply|response)|autoresponse|"
    r"auto-?responder|auto:|out[- ]of[- ](?:the )?office|ooo:|on vacation|on annual leave|vacation (?:reply|notice)|"
    r"away from (?:the office|my (?:e-?)?mail)|i am (?:currently )?(?:away|on (?:leave|vacation)|out of)|"
    r"автоответ|автоматический ответ|ответ автоматический|автоматическое уведомление об отсутствии|нет на месте:|"
    r"вне офиса|я (?:нахожусь )?в отпуске|нахожусь в отпуске|отсутствую (?:на|до|с|по)\b|"
    r"автовідповід|автоматична відповідь|поза офісом|я (?:перебуваю )?у відпустці|перебуваю у відпустці|"
    r"немає на місці:|аўтаматычны адказ|автоматичен отговор|"
    r"odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź|poza biurem|jestem na urlopie|"
    r"automatische (?:antwort|rückantwort)|auto-?antwort|abwesenheits|nicht im (?:büro|haus)|"
    r"automatisch(?:e)? antwoord|réponse automatique|message d['’]absence|hors du bureau|"
    r"respuesta autom[áa]tica|fuera de (?:la )?oficina|risposta automatica|fuori (?:ufficio|sede)|"
    r"resposta autom[áa]tica|fora do escritório|"
    r"automatiskt? svar|autosvar|automaattinen vastaus|automatick[áa] odpov[ěe][ďd]|mimo kancel|"
    r"automatikus válasz|házon kívül|răspuns automat|otomatik (?:yanıt|cevap)|αυτόματη απάντηση|εκτός γραφείου|"
    r"自動(?:返信|応答|回覆|答覆)|不在通知|自动(?:回复|答复)|자동 ?(?:회신|응답)|부재\s?중|"
    r"מענה אוטומטי|תשובה אוטומטית|رد تلقائي|trả lời tự động"
    # These words begin other sentences, too: as a label, or alone.
    r"|(?:absence|absente?(?: du bureau)?|nieobecn(?:ość|[ay])|urlop|abwesen(?:d|heit)|afwezig(?:heid)?|ausência|"
    r"ausente|ausencia|assenza|assente|frånvaro|frånvarande|fravær|fraværende|poissaolo|poissa|vacation|отпуск|"
    r"отсутствие|відпустка|відсутність|en congés?|de vacaciones|in ferie|de férias|不在)\s{0,3}(?:[:：]|$))",
    re.IGNORECASE,
)
# Who asks about such answers ("Autoresponder does not work") does not give one.
_ASKED_ABOUT = re.compile(
    r"\?|\bnot\b|n['’]t\b|broken|problem|\berror|how to|\bне\b|проблем|ошибк|помилк|\bnie\b|błąd|\bnicht\b|\bpas\b|"
    r"\bno\b|\bnon\b|não",
    re.IGNORECASE,
)
# In lower case and from the beginnings of words on, because there are many.
_TEXT = re.compile(
    r"(?<!\w)(?:out of (?:the |my )?office|on (?:annual |sick |parental |maternity |paternity )?leave|on (?:vacation|"
    r"holidays?)\b|"
    r"(?:limited|no|intermittent|sporadic) access to (?:my )?e?-?mails?|away from (?:the office|my (?:desk|e?-?mail))|"
    r"нахожусь в (?:отпуске|командировке)|буду в (?:отпуске|командировке)|в (?:отпуске|командировке) (?:до|по|с)\b|"
    r"отсутствую (?:на|в|до|по|с)\b|буду отсутствовать|на больничном|вне офиса|"
    r"перебуваю у (?:відпустці|відрядженні)|у (?:відпустці|відрядженні) (?:до|по|з)\b|буду відсутн|"
    r"відсутн(?:ій|я) (?:на|в|до|з)\b|на лікарняному|"
    r"jestem na urlopie|przebywam na urlopie|na urlopie (?:do|od)\b|nieobecn[ay] (?:w|do|od)\b|poza biurem|"
    r"nicht im (?:büro|haus)|(?:bin|bis) .{0,40}abwesend|außer haus|im urlaub|nicht erreichbar|"
    r"absente? (?:du|jusqu|de mon|pour|ce)|hors du bureau|en congés?\b|en déplacement|"
    r"fuera de (?:la |mi )?oficina|de vacaciones|estaré ausente|"
    r"fuori (?:ufficio|sede)|in ferie|sarò assente|sono assente|"
    r"fora do escritório|estarei ausente|de férias|niet (?:op kantoor|aanwezig)|afwezig|met vakantie|"
    r"på semester|ikke på kontoret|på ferie|mimo kancelář|na dovolené)|不在にし|休暇|出張中",
)
# What absence notices say besides: whom to ask meanwhile, and what becomes of the mail.
_MEANWHILE = re.compile(
    r"(?<!\w)(?:(?:in|for) (?:urgent|emergenc|an emergency)|if (?:it|this|your .{0,30}) is urgent|"
    r"for (?:immediate|urgent)|"
    r"please contact|(?:during|in) my absence|(?:upon|on|after) my return|when i (?:return|am back|get back)|"
    r"(?:will|shall) (?:reply|respond|answer|get back)|(?:is|be) (?:not )?(?:being )?(?:forwarded|monitored)|"
    r"в срочных|по срочным|в мо[её] отсутствие|по возвращении|обращайтесь|отвечу|"
    r"у термінових|з термінових|за моєї відсутності|після повернення|звертайтес|відповім|"
    r"w pilnych|w sprawach pilnych|podczas mojej nieobecności|po powrocie|proszę o kontakt|"
    r"in dringenden|während meiner abwesenheit|nach meiner rückkehr|wenden sie sich|weitergeleitet|"
    r"en cas d['’]urgence|en mon absence|à mon retour|merci de contacter|veuillez contacter|"
    r"en caso de urgencia|para urgencias|durante mi ausencia|a mi regreso|per urgenze|in caso di urgenza|"
    r"al mio rientro|"
    r"em caso de urgência)|緊急",
)
# An absence notice is short; what stands further down is a quotation or a report.
LOOKED_AT = 1_500
_MAX_NOTICE = 1_000


def announced(subject: str) -> bool:
    """Does the subject, without its prefixes, begin as out-of-office answers do?"""
    found = _SUBJECT.match(subject)
    if found is None:
        return False
    rest = subject[found.end() :].lstrip()
    # Behind a colon the subject of our letter follows, whatever that says.
    return (
        found[0].endswith((":", "：")) or rest.startswith((":", "：", "-", "–", "]")) or not _ASKED_ABOUT.search(rest)
    )


def words(text: str) -> str | None:
    """The words of the text that say that nobody is there, or None."""
    found = _TEXT.search(text[:LOOKED_AT].lower())
    return found[0] if found else None


def is_notice(text: str) -> bool:
    """Is the whole text an absence notice: short, nobody there, what to do meanwhile, and no question?"""
    return (
        len(text) <= _MAX_NOTICE
        and "?" not in text
        and words(text) is not None
        and _MEANWHILE.search(text.lower()) is not None
    )


# --- dates ----------------------------------------------------------------------------------------

_NAMES_OF_MONTHS = """
    january jan января янв січня січ stycznia sty styczeń januar jänner janvier janv enero ene gennaio gen
    janeiro januari ledna;
    february feb февраля февр фев лютого лют lutego lut februar février févr fév febrero febbraio febr fevereiro
    fev februari února;
    march mar марта мар березня бер marca märz mrz mars marzo março maart března;
    april apr апреля апр квітня квіт kwietnia kwi avril avr abril abr aprile dubna;
    may мая травня трав maja mai mayo maggio maio mei května;
    june jun июня июн червня черв czerwca cze juni juin junio giugno giu junho června;
    july jul июля июл липня лип lipca lip juli juillet juil julio luglio lug julho července;
    august aug августа авг серпня серп sierpnia sie août agosto ago augustus srpna;
    september sep sept сентября сен сент вересня вер września wrz septembre septiembre settembre set setembro
    září;
    october oct октября окт жовтня жовт października paź oktober okt octobre octubre ottobre ott outubro out
    října;
    november nov ноября ноя нояб листопада лист listopada lis novembre noviembre novembro;
    december dec декабря дек грудня груд grudnia gru dezember dez décembre déc diciembre dic dicembre dezembro
    prosince
"""
# From Monday on; shorter names of days mean too much else.
_NAMES_OF_DAYS = """
    monday понедельника понедельник понеділка понеділок poniedziałku poniedziałek montag lundi lunes lunedì;
    tuesday вторника вторник вівторка вівторок wtorku wtorek dienstag mardi martes martedì;
    wednesday среды среду среда середи середу середа środy środę środa mittwoch mercredi miércoles mercoledì;
    thursday четверга четверг четвер czwartku czwartek donnerstag jeudi jueves giovedì;
    friday пятницы пятницу пятница п'ятниці п'ятницю п'ятниця piątku piątek freitag vendredi viernes venerdì;
    saturday субботы субботу суббота суботи суботу субота soboty sobotę sobota samstag samedi sábado sabato;
    sunday воскресенья воскресенье неділі неділю неділя niedzieli niedzielę niedziela sonntag dimanche domingo domenica
"""
_MONTHS = {name: month for month, names in enumerate(_NAMES_OF_MONTHS.split(";"), start=1) for name in names.split()}
_WEEKDAYS = {name: day for day, names in enumerate(_NAMES_OF_DAYS.split(";")) for name in names.split()}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(sorted(_WEEKDAYS, key=len, reverse=True))
_DAY = (
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?!\d)|\d{4}年\d{1,2}月\d{1,2}日|\d{1,2}月\d{1,2}日"
    r"|\d{1,2}[./-]\d{1,2}(?:[./-](?:\d{4}|\d{2}))?(?![\d:])"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.|º|ª|-?[а-яі]{{1,3}})?[\s-](?:of\s|de\s)?(?:{_MONTH})\b\.?"
    rf"(?:,?[\s-](?:de\s)?\d{{4}})?"
    rf"|(?:{_MONTH})\b\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}})?"
)
_UNTIL = (
    r"\b(?:until|till|through|thru|up to|ending|back(?: (?:in|at|to) (?:the office|work|"
    r"my desk))?(?: again)?(?: on| from)?|"
    r"(?:return|resume)(?:ing)?(?: to (?:the office|work))?(?: on)?|available again(?: on| from)?|"
    r"до|по|вернусь|возвращаюсь|возвращение|буду на месте|буду в офисе|выхожу(?: на работу)?|выйду|на работе с|"
    r"повернусь|повернуся|повертаюсь|буду на місці|буду в офісі|виходжу|вийду|"
    r"do(?: dnia)?|wracam|wrócę|powrót|będę z powrotem|będę dostępn[ya](?: od)?|będę ponownie(?: dostępn[ya])?|"
    r"bis(?: (?:zum|einschließlich|einschl\.|inkl\.|inklusive))?|wieder(?: (?:da|erreichbar|im (?:büro|haus|"
    r"dienst)|zurück|"
    r"verfügbar))?(?: ab)?|ab dem|zurück(?: am| ab)?|"
    r"jusqu['’]au|de retour(?: au bureau)?(?: le)?|rentrerai le|retour le|hasta(?: el)?|regres(?:o|aré|ando)(?: el)?|"
    r"vuelvo(?: el)?|(?:de )?vuelta(?: el)?|fino al|rientr(?:o|erò)(?: il)?|tornerò(?: il)?|sarò di nuovo|"
    r"até(?: o dia| ao dia| o| ao)?|retorn(?:o|arei)(?: (?:em|no dia|dia))?|volto(?: (?:em|no dia|dia))?|"
    r"tot(?: en met)?|t/m|terug(?: op)?|till och med|t\.o\.m\.|tillbaka|tilbage|tilbake|"
    r"do dne|zpět)\b[^\n\d]{0,25}?"
)
# The second day of a span counts, and Japanese names the day first.
_END = re.compile(
    rf"{_UNTIL}(?<!\d)(?P<day>{_DAY})|(?:{_DAY})\s?(?:-|–|—|to|bis|au|al?)\s?(?P<last>{_DAY})|(?P<first>{_DAY})\s?(?:まで|迄)",
    re.IGNORECASE,
)
_END_IN_THE_WEEK = re.compile(rf"{_UNTIL}\b(?P<weekday>{_WEEKDAY})\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")


def away_until(text: str, written: date | None) -> date | None:
    """The last day that the text names as the end of an absence; `written` supplies what is left out."""
    found = (_day(match[match.lastgroup or 0].lower(), written) for match in _END.finditer(text))
    days = [day for day in found if day is not None]
    if written is None:
        return max(days, default=None)
    if not days:
        named = (_WEEKDAYS[match["weekday"].lower()] for match in _END_IN_THE_WEEK.finditer(text.replace("’", "'")))
        days = [written + timedelta(days=(day - written.weekday() - 1) % 7 + 1) for day in named]
    return max((day for day in days if written - timedelta(days=1) <= day <= written + LONGEST), default=None)


def _day(text: str, written: date | None) -> date | None:
    """The day that is written there, or None when there is none or its year is unknown."""
    numbers = [int(number) for number in _NUMBER.findall(text)]
    named = next((_MONTHS[word] for word in re.findall(r"[^\W\d_]+", text) if word in _MONTHS), None)
    year: int | None = None
    if named is not None:
        day, month, year = numbers[0], named, numbers[1] if len(numbers) > 1 else None
    elif numbers[0] > 31:
        year, month, day = numbers
    elif "月" in text:
        month, day = numbers
    else:
        day, month, year = numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else None
        if "/" in text and month > 12:
            day, month = month, day  # the order of the United States
    if year is not None:
        return _calendar(year + 2000 if year < 100 else year, month, day)
    if written is None:
        return None
    this_year = _calendar(written.year, month, day)
    return this_year if this_year is None or this_year >= written else _calendar(written.year + 1, month, day)


def _calendar(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
