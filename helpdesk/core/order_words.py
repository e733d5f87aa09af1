"""What the transcript of an agent's commands says, in the language of the desk."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.ticket import Priority


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """One line per thing that was done, or that could not be done."""

    assigned: str
    released: str
    accepted: str
    accepted_always: str
    rejected: str
    blocked: str
    closed: str
    reopened: str
    sleeps: str
    priority: dict[Priority, str]
    outage: str
    normal: str
    asked: str
    got: str
    cc: str
    uncc: str
    moved: str
    undone: str
    linked: str
    merged: str
    joins: str
    new_requester: str
    same_requester: str
    not_yet: str
    say_word: str
    regrouped: str
    crossed: str
    has_it: str
    split: str
    split_quietly: str
    incident_begun: str
    joined_incident: str
    broadcast: str
    broadcast_closes: str
    members_stay: str
    answered: str
    noted: str
    # refusals
    no_agent: str
    several_agents: str
    nothing_held: str
    several_held: str
    no_situation: str
    not_missing: str
    own_address: str
    not_cc: str
    no_desk: str
    nothing_to_undo: str
    no_ticket: str
    nothing_found: str
    which_ticket: str
    merge_itself: str
    merge_closed: str
    was_merged: str
    alone: str
    nothing_offered: str
    too_many_held: str
    nothing_to_split: str
    is_incident: str
    hangs_already: str
    incident_exists: str
    no_incident: str
    not_on_incident: str
    broadcast_empty: str
    incident_stays: str
    reaches_nobody: str
    not_proven: str
    kept_as_note: str
    nothing_done: str
    line: str


ENGLISH = Words(
    assigned="Assigned to {name}.",
    released="Back on the desk, assigned to nobody.",
    accepted="Accepted: the mail of {sender} is part of the ticket.",
    accepted_always="From now on {sender} may write on every ticket of {requester}; #uncc takes that back.",
    rejected="Rejected: the mail of {sender} stays out of the ticket.",
    blocked="Spam: {sender} is blocked, no letter goes there.",
    closed="Closed: {resolution}.",
    reopened="Open again.",
    sleeps="Sleeps until {until}, or until the requester writes.",
    priority={Priority.LOW: "Priority: low.", Priority.NORMAL: "Priority: normal.", Priority.HIGH: "Priority: high."},
    outage="Moved to the outage lane: first in the queue.",
    normal="Moved to the normal lane.",
    asked="The requester is asked for: {items}.",
    got="Ticked off: {items}.",
    cc="{address} gets the answers that agents write.",
    uncc="{address} gets no more answers.",
    moved="Moved to the desk {desk}.",
    undone="Your answer was taken back; it had not left yet.",
    linked="Linked with {number}.",
    merged="Goes into {tag} {subject} ({requester}): both numbers lead there.",
    joins="There, too, from now on, and gets the answers: {people}.",
    new_requester="The ticket is {address}'s now; {before} gets no more letters.",
    same_requester="The ticket is {address}'s already.",
    not_yet="Nothing has been done yet. This would happen:",
    say_word="If that is what you want, reply to this very mail with the one word “{word}”. It works once.",
    regrouped="Since the mail that you answered was written, others take part in this ticket.",
    crossed="{name} has answered since, on {at}; the customer would get two answers.",
    has_it="The customer has your mail already: it is kept as the answer, and not sent again.",
    split="This mail has become a ticket of its own; the customer is told its number.",
    split_quietly="This mail has become a ticket of its own; nobody is told.",
    incident_begun="Became an incident; its notification is on the way, and its number with it.",
    joined_incident="Joined the incident {number}; the requester learns that it is known.",
    broadcast="Told to everybody on the incident, each privately; customers: {count}.",
    broadcast_closes="Tickets closed with it: {count}.",
    members_stay="Its tickets stay as they are ({count}): #broadcast with #close closes them, too.",
    answered="Your answer goes to: {to}.",
    noted="Kept as a note for colleagues; the requester does not see it.",
    no_agent='nobody is called "{name}". Agents: {names}',
    several_agents='"{name}" fits several agents: {names}',
    nothing_held="no mail is held on this ticket",
    several_held="several mails are held; answer the notice of the one you mean ({listed})",
    no_situation='there is no situation "{name}". Situations: {names}',
    not_missing="not on the list of what is missing: {items}. The list: {missing}",
    own_address="{address} is an address of ours and is never written to",
    not_cc="{address} is not in Cc of this ticket",
    no_desk='there is no desk "{name}". Desks: {names}',
    nothing_to_undo="no answer of yours still waits: it has left already, or there was none",
    no_ticket="there is no ticket {number}",
    nothing_found="nothing found that says: {words}",
    which_ticket="this command needs a ticket: write it in a reply to a mail about that ticket",
    merge_itself="{number} is this very ticket, or went into it",
    merge_closed="{number} is closed; open it first with #reopen",
    was_merged="it went into {number}; use that number",
    alone="this command wants a mail of its own, without other commands or text",
    nothing_offered="nothing waits for this word: what it was for was carried out or rejected before",
    too_many_held="too many mails are held on this ticket; decide on them first with #accept or #reject",
    nothing_to_split="reply with it to the notification of a customer's mail that came to a ticket which began before",
    is_incident="this is an incident itself",
    hangs_already="the ticket is on the incident {number} already",
    incident_exists='the incident {number} is about the same: "#join {number}"',
    no_incident="{number} is no open incident, and hangs on none",
    not_on_incident="this ticket is on no incident: nobody else would get the text",
    broadcast_empty="there is no text below the commands: write what everybody should read",
    incident_stays="an incident belongs to nobody and goes into no other ticket; #join adds a ticket to it",
    reaches_nobody="a reply to this mail reaches nobody; to answer the requester, reply to a notification",
    not_proven="Nothing proves that you wrote this. Send the command in reply to this mail, and it is carried out.",
    kept_as_note="Kept as a note for colleagues: your mail answers no notification, so the requester gets nothing.",
    nothing_done="Nothing was carried out, nothing was sent.",
    line='Line {number}: "{text}": {why}',
)

RUSSIAN = Words(
    assigned="Назначено: {name}.",
    released="Возвращено отделу, исполнителя нет.",
    accepted="Принято: письмо {sender} стало частью обращения.",
    accepted_always="С этого момента {sender} может писать во все обращения {requester}; отменить — #исключить.",
    rejected="Отклонено: письмо {sender} в обращение не вошло.",
    blocked="Спам: {sender} заблокирован, письма туда не уходят.",
    closed="Закрыто: {resolution}.",
    reopened="Снова открыто.",
    sleeps="Отложено до {until} или до письма клиента.",
    priority={
        Priority.LOW: "Приоритет: низкий.",
        Priority.NORMAL: "Приоритет: обычный.",
        Priority.HIGH: "Приоритет: высокий.",
    },
    outage="Переведено в аварийную очередь: будет первым.",
    normal="Переведено в обычную очередь.",
    asked="У клиента запрошено: {items}.",
    got="Отмечено как полученное: {items}.",
    cc="{address} будет получать ответы специалистов.",
    uncc="{address} больше не получает ответы.",
    moved="Передано отделу {desk}.",
    undone="Ваш ответ отозван: он ещё не ушёл.",
    linked="Связано с {number}.",
    merged="Вливается в {tag} {subject} ({requester}): туда ведут оба номера.",
    joins="Там же с этого момента участвует и получает ответы: {people}.",
    new_requester="Теперь это обращение {address}; {before} писем больше не получит.",
    same_requester="Это и так обращение {address}.",
    not_yet="Пока ничего не сделано. Произойдёт вот что:",
    say_word="Если так и нужно, ответьте именно на это письмо одним словом «{word}». Оно сработает один раз.",
    regrouped="С тех пор как пришло письмо, на которое вы отвечаете, состав участников обращения изменился.",
    crossed="С тех пор уже ответил(а) {name}, {at}; клиент получил бы два ответа.",
    has_it="Ваше письмо у клиента уже есть: оно сохранено как ответ и ещё раз не отправлено.",
    split="Из этого письма сделано отдельное обращение; клиент узнает его номер.",
    split_quietly="Из этого письма сделано отдельное обращение; писем никому не отправлено.",
    incident_begun="Теперь это инцидент; уведомление о нём с его номером уже уходит.",
    joined_incident="Присоединено к инциденту {number}; клиент узнает, что о неполадке известно.",
    broadcast="Разослано всем в инциденте, каждому отдельно; клиентов: {count}.",
    broadcast_closes="Вместе с этим закрыто обращений: {count}.",
    members_stay="Его обращения остаются как есть ({count}): #рассылка вместе с #закрыть закроет и их.",
    answered="Ваш ответ получат: {to}.",
    noted="Сохранено как заметка для коллег, клиент её не увидит.",
    no_agent="нет специалиста «{name}». Есть: {names}",
    several_agents="«{name}» подходит нескольким: {names}",
    nothing_held="в этом обращении нет задержанных писем",
    several_held="задержано несколько писем; ответьте на уведомление о нужном ({listed})",
    no_situation="нет ситуации «{name}». Есть: {names}",
    not_missing="этого нет среди недостающего: {items}. Не хватает: {missing}",
    own_address="{address} — наш собственный адрес, на него письма не отправляются",
    not_cc="{address} не стоит в копии этого обращения",
    no_desk="нет отдела «{name}». Есть: {names}",
    nothing_to_undo="ваших неотправленных ответов нет: ответ уже ушёл или его не было",
    no_ticket="обращения {number} нет",
    nothing_found="не нашлось ничего, где есть: {words}",
    which_ticket="для этой команды нужно обращение: пришлите её в ответ на письмо об обращении",
    merge_itself="{number} — это само обращение или уже влито в него",
    merge_closed="{number} закрыто; сначала откройте его: #открыть",
    was_merged="оно влито в {number}; используйте этот номер",
    alone="этой команде нужно отдельное письмо, без других команд и текста",
    nothing_offered="это слово ничего не ждёт: всё уже выполнено или отклонено",
    too_many_held="в обращении слишком много задержанных писем; сначала разберите их: #принять или #отклонить",
    nothing_to_split="отправьте её в ответ на уведомление о письме клиента, которое пришло в уже начатое обращение",
    is_incident="это и есть инцидент",
    hangs_already="обращение уже в инциденте {number}",
    incident_exists="об этом уже есть инцидент {number}: «#присоединить {number}»",
    no_incident="{number} — не открытый инцидент и ни к какому не присоединено",
    not_on_incident="обращение не входит в инцидент: рассылать некому",
    broadcast_empty="под командами нет текста: напишите, что должны прочитать все",
    incident_stays="инцидент ничей и не вливается в обращение; #присоединить добавит к нему обращение",
    reaches_nobody="ответ на это письмо никому не уходит; чтобы ответить клиенту, ответьте на уведомление",
    not_proven="Ничто не подтверждает, что это написали вы. Пришлите команду в ответ на это письмо.",
    kept_as_note="Сохранено как заметка: ваше письмо не отвечает на уведомление, клиент ничего не получит.",
    nothing_done="Ничего не выполнено и ничего не отправлено.",
    line="Строка {number}: «{text}»: {why}",
)

UKRAINIAN = Words(
    assigned="Призначено: {name}.",
    released="Повернуто відділу, виконавця немає.",
    accepted="Прийнято: лист {sender} став частиною звернення.",
    accepted_always="Відтепер {sender} може писати в усі звернення {requester}; скасувати — #вилучити.",
    rejected="Відхилено: лист {sender} до звернення не ввійшов.",
    blocked="Спам: {sender} заблоковано, листи туди не надсилаються.",
    closed="Закрито: {resolution}.",
    reopened="Знову відкрито.",
    sleeps="Відкладено до {until} або до листа клієнта.",
    priority={
        Priority.LOW: "Пріоритет: низький.",
        Priority.NORMAL: "Пріоритет: звичайний.",
        Priority.HIGH: "Пріоритет: високий.",
    },
    outage="Переведено до аварійної черги: буде першим.",
    normal="Переведено до звичайної черги.",
    asked="У клієнта запитано: {items}.",
    got="Позначено як отримане: {items}.",
    cc="{address} отримуватиме відповіді фахівців.",
    uncc="{address} більше не отримує відповідей.",
    moved="Передано відділу {desk}.",
    undone="Вашу відповідь відкликано: вона ще не пішла.",
    linked="Пов’язано з {number}.",
    merged="Вливається у {tag} {subject} ({requester}): туди ведуть обидва номери.",
    joins="Там же відтепер бере участь і отримує відповіді: {people}.",
    new_requester="Тепер це звернення {address}; {before} листів більше не отримає.",
    same_requester="Це й так звернення {address}.",
    not_yet="Поки нічого не зроблено. Станеться ось що:",
    say_word="Якщо так і потрібно, дайте відповідь саме на цей лист одним словом «{word}». Воно спрацює один раз.",
    regrouped="Відколи надійшов лист, на який ви відповідаєте, склад учасників звернення змінився.",
    crossed="Відтоді вже дав відповідь колега ({name}, {at}); клієнт отримав би дві відповіді.",
    has_it="Ваш лист клієнт уже має: його збережено як відповідь і ще раз не надіслано.",
    split="З цього листа зроблено окреме звернення; клієнт дізнається його номер.",
    split_quietly="З цього листа зроблено окреме звернення; листів нікому не надіслано.",
    incident_begun="Тепер це інцидент; сповіщення про нього з його номером уже надсилається.",
    joined_incident="Приєднано до інциденту {number}; клієнт дізнається, що про несправність відомо.",
    broadcast="Розіслано всім в інциденті, кожному окремо; клієнтів: {count}.",
    broadcast_closes="Разом із цим закрито звернень: {count}.",
    members_stay="Його звернення лишаються як є ({count}): #розсилка разом із #закрити закриє і їх.",
    answered="Вашу відповідь отримають: {to}.",
    noted="Збережено як нотатку для колег, клієнт її не побачить.",
    no_agent="немає фахівця «{name}». Є: {names}",
    several_agents="«{name}» підходить кільком: {names}",
    nothing_held="у цьому зверненні немає затриманих листів",
    several_held="затримано кілька листів; дайте відповідь на сповіщення про потрібний ({listed})",
    no_situation="немає ситуації «{name}». Є: {names}",
    not_missing="цього немає серед відсутнього: {items}. Бракує: {missing}",
    own_address="{address} — наша власна адреса, на неї листи не надсилаються",
    not_cc="{address} не стоїть у копії цього звернення",
    no_desk="немає відділу «{name}». Є: {names}",
    nothing_to_undo="ваших невідправлених відповідей немає: відповідь уже пішла або її не було",
    no_ticket="звернення {number} немає",
    nothing_found="не знайшлося нічого, де є: {words}",
    which_ticket="цій команді потрібне звернення: напишіть її у відповідь на лист про звернення",
    merge_itself="{number} — це саме звернення або вже влите в нього",
    merge_closed="{number} закрите; спершу відкрийте його: #відкрити",
    was_merged="воно влите в {number}; використовуйте цей номер",
    alone="цій команді потрібен окремий лист, без інших команд і тексту",
    nothing_offered="це слово нічого не чекає: усе вже виконано або відхилено",
    too_many_held="у зверненні забагато затриманих листів; спершу розберіть їх: #прийняти або #відхилити",
    nothing_to_split="надішліть її у відповідь на сповіщення про лист клієнта до вже розпочатого звернення",
    is_incident="це і є інцидент",
    hangs_already="звернення вже в інциденті {number}",
    incident_exists="про це вже є інцидент {number}: «#приєднати {number}»",
    no_incident="{number} — не відкритий інцидент і до жодного не приєднане",
    not_on_incident="звернення не входить до інциденту: розсилати нікому",
    broadcast_empty="під командами немає тексту: напишіть, що мають прочитати всі",
    incident_stays="інцидент нічий і не вливається у звернення; #приєднати додасть до нього звернення",
    reaches_nobody="відповідь на цей лист нікому не надсилається; клієнтові відповідайте на сповіщення про звернення",
    not_proven="Ніщо не підтверджує, що це написали ви. Надішліть команду у відповідь на цей лист.",
    kept_as_note="Збережено як нотатку: ваш лист не відповідає на сповіщення, клієнт нічого не отримає.",
    nothing_done="Нічого не виконано й нічого не надіслано.",
    line="Рядок {number}: «{text}»: {why}",
)

POLISH = Words(
    assigned="Przypisano: {name}.",
    released="Zgłoszenie wróciło do działu, nikt nie jest przypisany.",
    accepted="Przyjęto: wiadomość od {sender} należy do zgłoszenia.",
    accepted_always="Od teraz {sender} może pisać we wszystkich zgłoszeniach {requester}; cofa to #usuń.",
    rejected="Odrzucono: wiadomość od {sender} nie należy do zgłoszenia.",
    blocked="Spam: {sender} jest zablokowany, nic tam nie wysyłamy.",
    closed="Zamknięto: {resolution}.",
    reopened="Ponownie otwarte.",
    sleeps="Odłożone do {until} albo do wiadomości klienta.",
    priority={
        Priority.LOW: "Priorytet: niski.",
        Priority.NORMAL: "Priorytet: zwykły.",
        Priority.HIGH: "Priorytet: wysoki.",
    },
    outage="Przeniesiono do kolejki awarii: będzie pierwsze.",
    normal="Przeniesiono do zwykłej kolejki.",
    asked="Klient został poproszony o: {items}.",
    got="Odhaczono: {items}.",
    cc="{address} będzie otrzymywać odpowiedzi agentów.",
    uncc="{address} nie otrzymuje już odpowiedzi.",
    moved="Przekazano do działu {desk}.",
    undone="Twoja odpowiedź została cofnięta: jeszcze nie wyszła.",
    linked="Powiązano z {number}.",
    merged="Włączone do {tag} {subject} ({requester}): oba numery prowadzą tam.",
    joins="Od teraz bierze tam udział i dostaje odpowiedzi: {people}.",
    new_requester="To teraz zgłoszenie {address}; {before} nie dostanie więcej listów.",
    same_requester="To już jest zgłoszenie {address}.",
    not_yet="Nic jeszcze nie zostało zrobione. Stanie się to:",
    say_word="Jeśli tak ma być, odpowiedz na tę właśnie wiadomość jednym słowem „{word}”. Zadziała ono raz.",
    regrouped="Odkąd przyszła wiadomość, na którą odpowiadasz, w zgłoszeniu bierze udział kto inny.",
    crossed="Od tego czasu odpowiedział już ktoś inny ({name}, {at}); klient dostałby dwie odpowiedzi.",
    has_it="Klient ma już Twój list: zachowano go jako odpowiedź i nie wysłano ponownie.",
    split="Z tej wiadomości powstało osobne zgłoszenie; klient dostanie jego numer.",
    split_quietly="Z tej wiadomości powstało osobne zgłoszenie; nikogo nie powiadomiono.",
    incident_begun="To teraz incydent; powiadomienie o nim, z jego numerem, jest w drodze.",
    joined_incident="Dołączono do incydentu {number}; klient dowie się, że problem jest znany.",
    broadcast="Rozesłano do wszystkich w incydencie, do każdego osobno; klientów: {count}.",
    broadcast_closes="Zamknięto przy tym zgłoszeń: {count}.",
    members_stay="Jego zgłoszenia zostają bez zmian ({count}): #rozgłoś razem z #zamknij zamknie także je.",
    answered="Twoją odpowiedź otrzymają: {to}.",
    noted="Zapisano jako notatkę dla współpracowników, klient jej nie zobaczy.",
    no_agent="nie ma agenta „{name}”. Są: {names}",
    several_agents="„{name}” pasuje do kilku osób: {names}",
    nothing_held="w tym zgłoszeniu nie ma wstrzymanych wiadomości",
    several_held="wstrzymano kilka wiadomości; odpowiedz na powiadomienie o właściwej ({listed})",
    no_situation="nie ma sytuacji „{name}”. Są: {names}",
    not_missing="tego nie ma na liście braków: {items}. Brakuje: {missing}",
    own_address="{address} to nasz własny adres, nic na niego nie wysyłamy",
    not_cc="{address} nie jest w kopii tego zgłoszenia",
    no_desk="nie ma działu „{name}”. Są: {names}",
    nothing_to_undo="nie masz niewysłanej odpowiedzi: już wyszła albo jej nie było",
    no_ticket="nie ma zgłoszenia {number}",
    nothing_found="nie znaleziono niczego, gdzie jest: {words}",
    which_ticket="to polecenie wymaga zgłoszenia: napisz je w odpowiedzi na wiadomość o zgłoszeniu",
    merge_itself="{number} to właśnie to zgłoszenie albo już do niego włączone",
    merge_closed="{number} jest zamknięte; najpierw je otwórz: #otwórz",
    was_merged="włączono je do {number}; użyj tego numeru",
    alone="to polecenie wymaga osobnej wiadomości, bez innych poleceń i tekstu",
    nothing_offered="to słowo na nic już nie czeka: wszystko wykonano albo odrzucono",
    too_many_held="w zgłoszeniu wstrzymano za dużo wiadomości; najpierw je rozpatrz: #przyjmij albo #odrzuć",
    nothing_to_split="wyślij je w odpowiedzi na powiadomienie o wiadomości klienta do istniejącego już zgłoszenia",
    is_incident="to właśnie jest incydent",
    hangs_already="zgłoszenie jest już w incydencie {number}",
    incident_exists="o tym samym jest incydent {number}: „#dołącz {number}”",
    no_incident="{number} nie jest otwartym incydentem ani do żadnego nie należy",
    not_on_incident="zgłoszenie nie należy do incydentu: nie ma komu rozsyłać",
    broadcast_empty="pod poleceniami nie ma tekstu: proszę napisać, co mają przeczytać wszyscy",
    incident_stays="incydent nie należy do nikogo i nie jest włączany do zgłoszenia; #dołącz doda do niego zgłoszenie",
    reaches_nobody="odpowiedź na tę wiadomość do nikogo nie trafia; aby odpisać klientowi, odpowiedz na powiadomienie",
    not_proven="Nic nie potwierdza, że to Twoja wiadomość. Wyślij polecenie w odpowiedzi na tego maila.",
    kept_as_note="Zapisano jako notatkę: Twoja wiadomość nie odpowiada na powiadomienie, klient nic nie dostanie.",
    nothing_done="Nic nie wykonano i nic nie wysłano.",
    line="Wiersz {number}: „{text}”: {why}",
)

_BY_LANGUAGE = {"en": ENGLISH, "ru": RUSSIAN, "uk": UKRAINIAN, "pl": POLISH}


def words_in(language: str) -> Words:
    """The words of `language`, English where it is not one of ours."""
    return _BY_LANGUAGE.get(language, ENGLISH)
