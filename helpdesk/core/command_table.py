"""The agents' command language as one table: parser, help mail and documentation are read from it.

A row is a command: how the text behind its word is read, the words for it, what that text is called, one line of
help. Each is said in English, Russian, Ukrainian and Polish, with " | " between the languages. A language may have
several words for a command: the help shows the first, and the first of the English ones is the canonical name.

Words are written as people write them; how they are compared is the parser's affair. No word may stand in two rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core import command_values as values
from helpdesk.core.command_arguments import (
    Reader,
    a_number,
    an_address,
    nothing,
    perhaps_text,
    read_accept,
    read_away,
    read_case,
    read_field,
    read_forward,
    read_priority,
    read_ship,
    read_wait,
    some_items,
    some_text,
)
from helpdesk.core.texts import Wording


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One command of the language."""

    read: Reader
    words: Wording
    takes: Wording
    help: Wording

    @property
    def name(self) -> str:
        """The canonical name."""
        return self.words.en.split()[0]

    def all_words(self) -> tuple[str, ...]:
        """Every word for it, of every language."""
        return tuple(" ".join((self.words.en, self.words.ru, self.words.uk, self.words.pl)).split())


_NOTHING = " |  |  | "
_NAME = "NAME | ИМЯ | НАЗВА | NAZWA"
_NUMBER = "NUMBER | НОМЕР | НОМЕР | NUMER"
_ADDRESS = "ADDRESS | АДРЕС | АДРЕСА | ADRES"
_ITEMS = "ITEM, … | ПУНКТ, … | ПУНКТ, … | POZYCJA, …"


def _row(read: Reader, words: str, takes: str, help_line: str) -> Row:
    return Row(read=read, words=Wording.read(words), takes=Wording.read(takes), help=Wording.read(help_line))


GRAMMAR: tuple[Row, ...] = (
    _row(
        nothing(values.Take()),
        "take | взять беру | взяти беру | weź biorę",
        _NOTHING,
        "the ticket is yours | обращение ваше | звернення ваше | bierzesz zgłoszenie",
    ),
    _row(
        some_text(values.Assign),
        "assign | назначить передать | призначити передати | przydziel",
        _NAME,
        "give the ticket to a colleague | передать обращение коллеге | "
        "передати звернення колезі | przekazać zgłoszenie innej osobie",
    ),
    _row(
        nothing(values.Release()),
        "release | отпустить освободить | відпустити звільнити | zwolnij oddaj",
        _NOTHING,
        "give the ticket back to the desk | вернуть обращение отделу | "
        "повернути звернення відділу | oddać zgłoszenie do działu",
    ),
    _row(
        read_away,
        "away | отсутствую отпуск | відсутній відпустка | nieobecny urlop",
        "UNTIL | ДАТА | ДАТА | DATA",
        "your tickets go back to the desk, and no new ones come until the end of that day "
        "(15.03, Friday, 3d, 3bd); no: you are back | "
        "ваши обращения вернутся отделу, новых не будет до конца этого дня "
        "(15.03, пятница, 3д, 3рд); нет: вы на месте | "
        "ваші звернення повернуться відділу, нових не буде до кінця цього дня "
        "(15.03, п'ятниця, 3д, 3рд); ні: ви на місці | "
        "zgłoszenia wracają do działu, a nowe nie przychodzą do końca tego dnia "
        "(15.03, piątek, 3d, 3dr); nie: koniec nieobecności",
    ),
    _row(
        read_accept,
        "accept | принять | прийняти | przyjmij",
        "[always] | [всегда] | [завжди] | [zawsze]",
        "let a held mail into the ticket; always: its sender into every ticket of this requester | "
        "принять задержанное письмо в обращение; всегда: отправителя — во все обращения этого заявителя | "
        "прийняти затриманий лист у звернення; завжди: відправника — в усі звернення цього заявника | "
        "przyjąć wstrzymaną wiadomość do zgłoszenia; zawsze: nadawcę do każdego zgłoszenia tej osoby",
    ),
    _row(
        nothing(values.Reject()),
        "reject | отклонить | відхилити | odrzuć",
        _NOTHING,
        "keep a held mail out of the ticket | не принимать задержанное письмо | "
        "не приймати затриманий лист | nie przyjmować wstrzymanej wiadomości",
    ),
    _row(
        nothing(values.Spam()),
        "spam | спам | спам | spam",
        _NOTHING,
        "close without a letter and block the sender | закрыть без письма и заблокировать отправителя | "
        "закрити без листа й заблокувати відправника | zamknąć bez odpowiedzi i zablokować nadawcę",
    ),
    _row(
        perhaps_text(values.Close),
        "close resolve | закрыть закрой решено | закрити закрий вирішено | zamknij rozwiązane",
        "[RESOLUTION] | [РЕШЕНИЕ] | [РІШЕННЯ] | [ROZWIĄZANIE]",
        "close the ticket; with an answer below it is one letter | "
        "закрыть обращение; вместе с ответом ниже уйдёт одно письмо | "
        "закрити звернення; разом із відповіддю нижче піде один лист | "
        "zamknąć zgłoszenie; razem z odpowiedzią poniżej wyjdzie jeden list",
    ),
    _row(
        some_text(values.MoveToStage),
        "state | состояние этап | стан етап | stan etap",
        _NAME,
        "move the ticket to a state of the desk; its letter goes to the customer | "
        "перевести обращение в состояние отдела; клиент получит письмо о нём | "
        "перевести звернення у стан відділу; клієнт отримає лист про нього | "
        "przenieść zgłoszenie do stanu działu; klient dostanie o tym list",
    ),
    _row(
        nothing(values.Reopen()),
        "reopen | открыть переоткрыть | відкрити перевідкрити | otwórz",
        _NOTHING,
        "open the ticket again | снова открыть обращение | знову відкрити звернення | ponownie otworzyć zgłoszenie",
    ),
    _row(
        read_wait,
        "wait snooze | ждать отложить | чекати відкласти | czekaj odłóż",
        "3d | 3д | 3д | 3d",
        "let the ticket sleep: 30m, 2h, 3d, 3bd (business days); a mail of the requester wakes it | "
        "отложить обращение: 30м, 2ч, 3д, 3рд (рабочие дни); письмо клиента разбудит его раньше | "
        "відкласти звернення: 30хв, 2 години, 3д, 3рд (робочі дні); лист клієнта розбудить його раніше | "
        "odłożyć zgłoszenie: 30m, 2h, 3d, 3dr (dni robocze); wiadomość klienta obudzi je wcześniej",
    ),
    _row(
        lambda text: values.Note(text),
        "note | заметка | нотатка | notatka",
        "[TEXT] | [ТЕКСТ] | [ТЕКСТ] | [TEKST]",
        "this text and the rest of the mail are for colleagues only | "
        "этот текст и остаток письма увидят только коллеги | "
        "цей текст і решту листа побачать лише колеги | ten tekst i resztę wiadomości zobaczą tylko współpracownicy",
    ),
    _row(
        read_priority,
        "priority | приоритет | пріоритет | priorytet",
        "low|normal|high | низкий|обычный|высокий | низький|звичайний|високий | niski|zwykły|wysoki",
        "the place in the queue | место в очереди | місце в черзі | miejsce w kolejce",
    ),
    _row(
        perhaps_text(values.Outage),
        "outage | авария сбой | аварія збій | awaria",
        "[SITUATION] | [СИТУАЦИЯ] | [СИТУАЦІЯ] | [SYTUACJA]",
        "work on it out of turn | срочно, вне очереди | терміново, поза чергою | pilne, poza kolejnością",
    ),
    _row(
        nothing(values.Normal()),
        "normal | обычное обычная | звичайне звичайна | zwykłe normalne",
        _NOTHING,
        "not an outage: back into the normal queue | не авария: вернуть в обычную очередь | "
        "не аварія: повернути у звичайну чергу | to nie awaria: z powrotem do zwykłej kolejki",
    ),
    _row(
        some_items(values.Ask),
        "ask | спросить запросить уточнить | запитати уточнити | zapytaj",
        _ITEMS,
        "ask the requester for missing facts | запросить у клиента недостающие сведения | "
        "запитати в клієнта відомості, яких бракує | poprosić klienta o brakujące informacje",
    ),
    _row(
        some_items(values.Got),
        "got | получено есть | отримано | otrzymano",
        _ITEMS,
        "a fact is known by other means; stop asking | сведения уже есть, больше не спрашивать | "
        "відомості вже є, більше не запитувати | informacja już jest, nie pytać więcej",
    ),
    _row(
        read_field,
        "field | поле | поле | pole",
        "NAME = VALUE | ИМЯ = ЗНАЧЕНИЕ | НАЗВА = ЗНАЧЕННЯ | NAZWA = WARTOŚĆ",
        "write down a fact on the ticket | записать сведения в обращение | "
        "записати відомості у звернення | zapisać informację w zgłoszeniu",
    ),
    _row(
        some_text(values.SendReady),
        "send | отправить | надіслати | wyślij",
        "TEMPLATE | ШАБЛОН | ШАБЛОН | SZABLON",
        "the requester gets a ready reply, and the text below it in the same letter | "
        "отправить клиенту готовый ответ, текст ниже уйдёт тем же письмом | "
        "надіслати клієнтові готову відповідь, текст нижче піде тим самим листом | "
        "wysłać klientowi gotową odpowiedź, tekst poniżej wyjdzie w tym samym liście",
    ),
    _row(
        read_case,
        "case | случай | випадок | przypadek",
        "NAME[, PARTNER] | ИМЯ[, ПАРТНЁР] | НАЗВА[, ПАРТНЕР] | NAZWA[, PARTNER]",
        "carry out a routing case: the reply that it holds, and the partner is asked where it says so | "
        "выполнить случай: клиент получит его ответ, а партнёр, если так задано, — запрос | "
        "виконати випадок: клієнт отримає його відповідь, а партнер, якщо так задано, — запит | "
        "wykonać przypadek: klient dostanie jego odpowiedź, a partner, jeśli tak ustalono, zapytanie",
    ),
    _row(
        some_text(values.MoveToDesk),
        "desk | отдел | відділ | dział",
        _NAME,
        "move the ticket to another desk | передать обращение другому отделу | "
        "передати звернення іншому відділу | przenieść zgłoszenie do innego działu",
    ),
    _row(
        an_address(values.AddCc),
        "cc | копия | копія | kopia dw",
        _ADDRESS,
        "somebody more gets the answers | ответы получит ещё один адрес | "
        "відповіді отримає ще одна адреса | odpowiedzi dostanie jeszcze jeden adres",
    ),
    _row(
        an_address(values.RemoveCc),
        "uncc | исключить | вилучити | usuń",
        _ADDRESS,
        "somebody gets the answers no longer | больше не слать ответы на этот адрес | "
        "більше не надсилати відповіді на цю адресу | ten adres nie dostanie więcej odpowiedzi",
    ),
    _row(
        an_address(values.SetRequester),
        "requester | заявитель | заявник | zgłaszający",
        _ADDRESS,
        "the ticket is somebody else's; whose it was gets no more letters | "
        "обращение другого человека; прежний заявитель писем больше не получит | "
        "звернення іншої людини; попередній заявник листів більше не отримає | "
        "to zgłoszenie innej osoby; dotychczasowa nie dostanie więcej listów",
    ),
    _row(
        a_number(values.MergeInto),
        "merge | объединить | об'єднати | połącz",
        _NUMBER,
        "this ticket goes into that one, and both numbers lead there | "
        "влить это обращение в другое: туда поведут оба номера | "
        "влити це звернення в інше: туди вестимуть обидва номери | "
        "włączyć to zgłoszenie do innego: oba numery prowadzą tam",
    ),
    _row(
        nothing(values.Split()),
        "split | разделить | розділити | rozdziel",
        _NOTHING,
        "the mail that you answer becomes a ticket of its own | сделать из этого письма отдельное обращение | "
        "зробити з цього листа окреме звернення | zrobić z tej wiadomości osobne zgłoszenie",
    ),
    _row(
        a_number(values.LinkTo),
        "link | связать | пов'язати | powiąż",
        _NUMBER,
        "link with another ticket | связать с другим обращением | "
        "пов'язати з іншим зверненням | powiązać z innym zgłoszeniem",
    ),
    _row(
        read_forward,
        "forward | переслать | переслати | przekaż",
        "PARTNER|ADDRESS [only] | ПАРТНЁР|АДРЕС [только] | ПАРТНЕР|АДРЕСА [лише] | PARTNER|ADRES [tylko]",
        "ask a partner: the text below goes there, and the request with it unless you write only; "
        "answers come to agents alone | "
        "спросить партнёра: он получит текст ниже и само обращение (если не написать «только»); "
        "его ответы видят только специалисты | "
        "запитати партнера: він отримає текст нижче й саме звернення (якщо не написати «лише»); "
        "його відповіді бачать лише фахівці | "
        "zapytać partnera: dostanie tekst poniżej i samo zgłoszenie (chyba że napiszesz „tylko”); "
        "jego odpowiedzi widzą tylko agenci",
    ),
    _row(
        perhaps_text(values.BeginIncident),
        "incident | инцидент | інцидент | incydent",
        "[SITUATION] | [СИТУАЦИЯ] | [СИТУАЦІЯ] | [SYTUACJA]",
        "the ticket becomes an incident, which other tickets of the same outage join | "
        "обращение становится инцидентом, к нему присоединяются другие о том же сбое | "
        "звернення стає інцидентом, до нього приєднуються інші про той самий збій | "
        "zgłoszenie staje się incydentem, do którego dołączają inne o tej samej awarii",
    ),
    _row(
        a_number(values.JoinIncident),
        "join | присоединить | приєднати | dołącz",
        _NUMBER,
        "add the ticket to an incident | присоединить обращение к инциденту | "
        "приєднати звернення до інциденту | dołączyć zgłoszenie do incydentu",
    ),
    _row(
        nothing(values.Broadcast()),
        "broadcast | рассылка | розсилка | rozgłoś",
        _NOTHING,
        "the text below goes to every customer on the incident, each privately; with #close all is closed | "
        "текст ниже получит каждый клиент инцидента, отдельным письмом; вместе с #закрыть закроется всё | "
        "текст нижче отримає кожен клієнт інциденту, окремим листом; разом із #закрити закриється все | "
        "tekst poniżej dostanie każdy klient w incydencie, osobnym listem; razem z #zamknij zamyka się wszystko",
    ),
    _row(
        perhaps_text(values.GiveRma),
        "rma | возврат | повернення | zwrot",
        "[NUMBER] | [НОМЕР] | [НОМЕР] | [NUMER]",
        "the customer gets the RMA number of this return, or the NUMBER that somebody else has given it | "
        "клиент получит RMA-номер этого возврата или НОМЕР, который дал кто-то другой | "
        "клієнт отримає RMA-номер цього повернення або НОМЕР, який дав хтось інший | "
        "klient dostanie numer RMA tego zwrotu albo NUMER nadany przez kogoś innego",
    ),
    _row(
        read_ship,
        "ship | отгрузка | відвантаження | wysyłka",
        "TRACKING [now] | ТРЕК [сейчас] | ТРЕК [зараз] | PRZESYŁKA [teraz]",
        "the customer gets this tracking number once the parcel has left: on the shipping day, or now | "
        "клиент получит этот номер отправления, когда посылка уйдёт: в день отправки или сейчас | "
        "клієнт отримає цей номер відправлення, коли посилка піде: у день відправлення або зараз | "
        "klient dostanie ten numer przesyłki, gdy paczka wyjdzie: w dniu wysyłki albo teraz",
    ),
    _row(
        nothing(values.Undo()),
        "undo | отменить отмена | скасувати | cofnij",
        _NOTHING,
        "take your last answer back while it has not left yet | отозвать ваш последний ответ, пока он не ушёл | "
        "відкликати вашу останню відповідь, доки вона не пішла | cofnąć ostatnią odpowiedź, zanim zostanie wysłana",
    ),
    _row(
        a_number(values.SendFiles),
        "files | файлы вложения | файли вкладення | pliki załączniki",
        _NUMBER,
        "get all files of a ticket by mail, large ones in parts | "
        "получить письмами все файлы обращения, большие — по частям | "
        "отримати листами всі файли звернення, великі — частинами | "
        "dostać mailem wszystkie pliki zgłoszenia, duże w częściach",
    ),
    _row(
        nothing(values.ShowQueue()),
        "queue | очередь | черга | kolejka",
        _NOTHING,
        "get the open tickets by mail | получить письмом открытые обращения | "
        "отримати листом відкриті звернення | dostać mailem otwarte zgłoszenia",
    ),
    _row(
        a_number(values.ShowTicket),
        "show | показать | показати | pokaż",
        _NUMBER,
        "get a ticket by mail | получить обращение письмом | отримати звернення листом | dostać zgłoszenie mailem",
    ),
    _row(
        some_text(values.Search),
        "search | найти поиск | знайти пошук | szukaj",
        "WORDS | СЛОВА | СЛОВА | SŁOWA",
        "get by mail the tickets that speak of these words | получить письмом обращения, где есть эти слова | "
        "отримати листом звернення, де є ці слова | dostać mailem zgłoszenia, w których są te słowa",
    ),
    _row(
        nothing(values.ShowStats()),
        "stats | статистика | статистика | statystyka",
        _NOTHING,
        "get by mail what your desks have done this week | получить письмом, что сделано за неделю в ваших отделах | "
        "отримати листом, що зроблено за тиждень у ваших відділах | dostać mailem wyniki tygodnia swoich działów",
    ),
    _row(
        nothing(values.Help()),
        "help | помощь справка | допомога довідка | pomoc",
        _NOTHING,
        "get this list by mail | получить этот список письмом | отримати цей перелік листом | dostać tę listę mailem",
    ),
)
