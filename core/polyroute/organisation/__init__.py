"""What an organisation decides for all users of its server: a policy, as a value and as a file."""

from polyroute.organisation.member import MemberEnvironment
from polyroute.types.policies import KeyPlace, LockedPreferences, OrganisationPolicy

__all__ = ["KeyPlace", "LockedPreferences", "MemberEnvironment", "OrganisationPolicy"]
