"""Every error the application raises on purpose.

    DeskError                     code, retryable
    ├── SettingsInvalid           a variable is missing or malformed
    ├── NotFound                  no such draft, picture, destination
    ├── Stale                     the row moved on since it was read
    ├── InputRefused              what a person typed cannot be used
    │   ├── TopicUnusable
    │   ├── TextTooLong           (length, limit)
    │   ├── TimeInPast
    │   ├── SlotTaken
    │   └── NoPictureYet
    ├── NowhereToPost             no working destination
    ├── TooLateToChange           bytes may already have left
    ├── StorageError
    │   ├── StorageBusy           somebody else holds the database
    │   └── StorageFull           no space left on the disk
    ├── ImageError                what a picture vendor did (providers.md 9)
    │   ├── ImageAuth  ImagePermission  ImageCredits  ImageInvalid
    │   ├── ImageModerated        (input or output)
    │   ├── ImageRateLimited  ImageUnavailable  ImageSubmitUnknown
    │   ├── ImageFailed  ImageCanceled  ImageTimeout
    │   ├── ImageNotFound  ImageExpired  ImageDownload  ImageProtocol
    │   └── ImageProviderGone     its key was taken out of the settings
    └── PublishError
        ├── PublishRejected       definite: nothing was posted
        └── PublishUnknown        it may be live

A class docstring is its default sentence for logs. Sentences for people stand in the catalogues
under `error.<code>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar


class DeskError(Exception):
    """The desk could not do that."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, **facts: Any) -> None:
        """Keep the sentence and the facts a catalogue text may name."""
        super().__init__(message or (type(self).__doc__ or self.code).strip())
        self.facts: Mapping[str, Any] = facts


class SettingsInvalid(DeskError):
    """A setting is missing or malformed."""

    code = "settings"


class NotFound(DeskError):
    """There is no such thing."""

    code = "not_found"


class Stale(DeskError):
    """It was changed by somebody else in the meantime."""

    code = "stale"


class InputRefused(DeskError):
    """That input cannot be used."""

    code = "input"


class TopicUnusable(InputRefused):
    """A topic needs at least one word."""

    code = "topic_unusable"


class TextTooLong(InputRefused):
    """The text is longer than its place allows."""

    code = "text_too_long"


class TimeInPast(InputRefused):
    """That time is already past."""

    code = "time_in_past"


class SlotTaken(InputRefused):
    """Another post got that time in the meantime."""

    code = "slot_taken"


class NoPictureYet(InputRefused):
    """There is no picture of this prompt yet."""

    code = "no_picture"


class NowhereToPost(DeskError):
    """No channel is connected."""

    code = "nowhere_to_post"


class TooLateToChange(DeskError):
    """The post is going out at this moment."""

    code = "too_late"


class StorageError(DeskError):
    """The database did not answer as it should."""

    code = "storage"


class StorageBusy(StorageError):
    """The database is in use by somebody else."""

    code = "storage_busy"
    retryable = True


class StorageFull(StorageError):
    """The disk is full."""

    code = "storage_full"


class ImageError(DeskError):
    """The picture could not be made."""

    code = "image"
    #: Another provider may be tried (providers.md 9). A refusal is never shopped around.
    fail_over: ClassVar[bool] = False
    #: Money may have been spent although no picture came.
    maybe_billed: ClassVar[bool] = False

    def __init__(
        self,
        message: str | None = None,
        *,
        provider: str = "",
        raw: str = "",
        http_status: int | None = None,
        request_id: str | None = None,
        retry_after: timedelta | None = None,
        reasons: tuple[str, ...] = (),
    ) -> None:
        """Keep `raw`, the vendor's own status text, for `{"success": False, "error": raw}`."""
        super().__init__(message or raw or None, provider=provider)
        self.provider = provider
        self.raw = raw or str(self)
        self.http_status = http_status
        self.request_id = request_id
        self.retry_after = retry_after
        self.reasons = reasons


class ImageAuth(ImageError):
    """The vendor does not accept the key."""

    code = "auth"
    fail_over = True


class ImagePermission(ImageError):
    """The key may not use this model."""

    code = "permission"
    fail_over = True


class ImageCredits(ImageError):
    """The vendor's credits are used up."""

    code = "insufficient_credits"
    fail_over = True


class ImageInvalid(ImageError):
    """The vendor does not accept this request."""

    code = "invalid_request"


class ImageModerated(ImageError):
    """The vendor's filter refused the prompt or the picture."""

    code = "moderated_input"


class ImageOutputModerated(ImageModerated):
    """The vendor's filter refused the finished picture."""

    code = "moderated_output"
    maybe_billed = True


class ImageRateLimited(ImageError):
    """The vendor asks for a pause."""

    code = "rate_limited"
    retryable = True
    fail_over = True


class ImageUnavailable(ImageError):
    """The vendor does not answer as it should."""

    code = "unavailable"
    retryable = True
    fail_over = True


class ImageSubmitUnknown(ImageError):
    """The vendor's answer to the order never came."""

    code = "submit_unknown"
    maybe_billed = True


class ImageFailed(ImageError):
    """The vendor gave up on this picture."""

    code = "failed"
    retryable = True
    fail_over = True


class ImageCanceled(ImageError):
    """The picture was canceled at the vendor."""

    code = "canceled"


class ImageTimeout(ImageError):
    """The picture did not come in time; the vendor may still finish it."""

    code = "timeout"
    retryable = True
    maybe_billed = True


class ImageNotFound(ImageError):
    """The vendor does not know this job."""

    code = "not_found"
    maybe_billed = True


class ImageExpired(ImageError):
    """The vendor no longer holds the finished picture."""

    code = "expired"
    maybe_billed = True


class ImageDownload(ImageError):
    """The finished picture could not be fetched or is not a usable picture."""

    code = "download"
    retryable = True
    maybe_billed = True


class ImageProtocol(ImageError):
    """The vendor's answer has an unknown shape."""

    code = "protocol"
    fail_over = True
    maybe_billed = True


class ImageProviderGone(ImageError):
    """The vendor of this picture is not set up any more."""

    code = "provider_gone"
    maybe_billed = True


class PublishError(DeskError):
    """The post did not go out as it should."""

    code = "publish"


class PublishRejected(PublishError):
    """The destination refused the post: nothing was posted.

    `reason` is one of auth, permission, content, duplicate, quota, transient, gone.
    """

    code = "rejected"

    def __init__(
        self, message: str | None = None, *, reason: str, retry_after: timedelta | None = None
    ) -> None:
        """Only `transient` and `quota` are tried again without a person."""
        super().__init__(message, reason=reason)
        self.reason = reason
        self.retry_after = retry_after


class PublishUnknown(PublishError):
    """The destination's answer never came: the post may be live."""

    code = "unknown"
