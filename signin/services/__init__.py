from signin.services.sessions import SessionService
from signin.services.two_factor import CodeRefusedError, TwoFactorService

__all__ = ["CodeRefusedError", "SessionService", "TwoFactorService"]
