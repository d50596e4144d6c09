"""The way in, and the pages of one's own account that both sites share."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from recipients.signin.views import passwords, sessions, sso, two_factor
from recipients.signin.views.sign_in import SignInView, code

urlpatterns = [
    path("sign-in/", SignInView.as_view(), name="login"),
    path("sign-in/code/", code, name="sign_in_code"),
    path("sign-in/provider/", sso.start, name="sso"),
    path("sign-in/provider/back/", sso.back, name="sso_back"),
    path("sign-in/forgotten/", passwords.ForgottenView.as_view(), name="password_reset"),
    path("sign-in/forgotten/sent/", passwords.sent, name="password_reset_done"),
    path("sign-in/forgotten/<uidb64>/<token>/", passwords.NewPasswordView.as_view(), name="password_reset_confirm"),
    path("sign-in/forgotten/changed/", passwords.changed, name="password_reset_complete"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("account/two-factor/", two_factor.two_factor, name="two_factor"),
    path("account/two-factor/set-up/", two_factor.set_up, name="two_factor_set_up"),
    path("account/two-factor/codes/", two_factor.new_codes, name="two_factor_codes"),
    path("account/two-factor/off/", two_factor.turn_off, name="two_factor_off"),
    path("account/sessions/", sessions.sessions, name="sessions"),
    path("account/sessions/end/", sessions.end_one, name="sessions_end"),
    path("account/sessions/end-others/", sessions.end_others, name="sessions_end_others"),
    path("account/sessions/everywhere/", sessions.ask_everywhere, name="sessions_everywhere"),
    path("account/sessions/end-everywhere/", sessions.end_everywhere, name="sessions_end_everywhere"),
]
