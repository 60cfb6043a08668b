"""The firm's own people: their teams, folders and sync settings."""

from dataclasses import dataclass

from firm import words

DOMAIN = "harbourlight.example"
DEFAULT_FOLDER = "Contacts"
TEAMS = {
    "Sales North": "Customers from the Humber to the Forth, the Clyde and Northern Ireland",
    "Sales South": "Customers from the Severn to the Thames and East Anglia",
}
CRM_FOLDERS = {
    "Clients": "Everyone who buys from us",
    "Clients/North": "Customers of Sales North",
    "Clients/South": "Customers of Sales South",
    "Key Accounts": "Customers that both teams look after",
    "Suppliers": "Foundries, rope makers, carriers",
    "Boat Show": "People met at the stand",
    "Old Customers": "No order for three years",
}


@dataclass(frozen=True, slots=True)
class User:
    """A CRM user with a mailbox. Empty folder choices mean that every folder takes part."""

    user_name: str
    first: str
    last: str
    teams: tuple[str, ...]
    towns: tuple[tuple[str, str, str, str], ...]
    crm_contacts: int
    home_folder: str
    mailbox_folders: tuple[str, ...]
    m365_folders: tuple[str, ...] = ()
    crm_folders: tuple[str, ...] = ()
    only_my_items: bool = True
    connected: bool = True
    zone: str = "Europe/London"
    windows_zone: str = "GMT Standard Time"

    @property
    def upn(self) -> str:
        return f"{self.user_name}@{DOMAIN}"

    def takes(self, folder: str) -> bool:
        """Whether an Outlook folder of this mailbox takes part in the sync."""
        return not self.m365_folders or folder in self.m365_folders


NORTH_FOLDERS = ("Clients", "Clients/North", "Suppliers", "Key Accounts", "Boat Show")
USERS = (
    User(
        "helen.marlowe",
        "Helen",
        "Marlowe",
        ("Sales North", "Sales South"),
        words.NORTH_TOWNS + words.SOUTH_TOWNS,
        crm_contacts=66,
        home_folder="Clients",
        mailbox_folders=("Clients", "Boat Show"),
    ),
    User(
        "callum.reid",
        "Callum",
        "Reid",
        ("Sales North",),
        words.NORTH_TOWNS,
        crm_contacts=70,
        home_folder="Clients/North",
        mailbox_folders=(*NORTH_FOLDERS, "Family", "Archive"),
        m365_folders=(DEFAULT_FOLDER, *NORTH_FOLDERS),
    ),
    User(
        "priya.nair",
        "Priya",
        "Nair",
        ("Sales North",),
        words.NORTH_TOWNS,
        crm_contacts=70,
        home_folder="Clients/North",
        mailbox_folders=(*NORTH_FOLDERS, "Family"),
        m365_folders=(DEFAULT_FOLDER, *NORTH_FOLDERS),
    ),
    User(
        "tom.okafor",
        "Tom",
        "Okafor",
        ("Sales South",),
        words.SOUTH_TOWNS,
        crm_contacts=70,
        home_folder="Clients",
        mailbox_folders=("Clients", "Suppliers", "Key Accounts", "Boat Show", "Family", "Archive"),
        m365_folders=(DEFAULT_FOLDER, "Clients", "Suppliers", "Key Accounts", "Boat Show"),
        crm_folders=("Clients", "Suppliers", "Key Accounts", "Boat Show"),
    ),
    User(
        "grace.lindqvist",
        "Grace",
        "Lindqvist",
        ("Sales South",),
        words.SOUTH_TOWNS,
        crm_contacts=62,
        home_folder="Clients/South",
        mailbox_folders=("Clients", "Clients/South", "Key Accounts", "Family"),
        m365_folders=(DEFAULT_FOLDER, "Clients/South", "Key Accounts"),
        crm_folders=("Clients/South", "Key Accounts"),
        only_my_items=False,
        zone="Europe/Amsterdam",
        windows_zone="W. Europe Standard Time",
    ),
    User(
        "dafydd.pugh",
        "Dafydd",
        "Pugh",
        ("Sales South",),
        words.SOUTH_TOWNS,
        crm_contacts=56,
        home_folder="Clients",
        mailbox_folders=("Clients", "Suppliers", "Family"),
        connected=False,
    ),
)
BY_NAME = {user.user_name: user for user in USERS}
