"""Feeds django-helpdesk with batches of mail, in its own environment: FOLDER with one subfolder for each batch.

Prints "BATCH SECONDS" of processor time for each. Every mail is committed by itself, letters go into files.
"""

import logging
import pathlib
import sys
import time

import django
from django.conf import settings

FOLDER = pathlib.Path(sys.argv[1])

settings.configure(
    SECRET_KEY="benchmark",
    USE_TZ=True,
    SITE_ID=1,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    HELPDESK_TEAMS_MODE_ENABLED=False,
    ROOT_URLCONF="__main__",
    MEDIA_ROOT=str(FOLDER / "media"),
    EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend",
    EMAIL_FILE_PATH=str(FOLDER / "sent"),
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "peer.db")}},
    INSTALLED_APPS=[
        *(f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions", "messages", "sites", "humanize")),
        *("rest_framework", "helpdesk"),
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import include, path  # noqa: E402
from helpdesk.email import extract_email_metadata  # noqa: E402
from helpdesk.models import Queue  # noqa: E402

# Letters name the addresses of pages.
urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]

call_command("migrate", verbosity=0)
agent = get_user_model().objects.create(username="ivan", email="ivan@desk.example", is_staff=True)
queue = Queue.objects.create(
    title="Support",
    slug="support",
    email_address="support@desk.example",
    allow_email_submission=True,
    email_box_type="local",
    new_ticket_cc="ivan@desk.example",
    updated_ticket_cc="ivan@desk.example",
    enable_notifications_on_email_events=True,
)
log = logging.getLogger("benchmark")
log.setLevel(logging.ERROR)

for batch in sorted(FOLDER.glob("batch-*")):
    begin = time.process_time()
    for mail in sorted(batch.iterdir()):
        extract_email_metadata(mail.read_text(encoding="utf-8"), queue, log)
        mail.unlink()
    print(batch.name, time.process_time() - begin)

sent = sum(1 for _ in (FOLDER / "sent").iterdir())
print(f"{queue.ticket_set.count()} tickets, {sent} files of letters", file=sys.stderr)
