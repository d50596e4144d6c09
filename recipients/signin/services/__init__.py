from recipients.signin.services.sessions import SessionService
from recipients.signin.services.two_factor import CodeRefusedError, TwoFactorService

__all__ = ["CodeRefusedError", "SessionService", "TwoFactorService"]
