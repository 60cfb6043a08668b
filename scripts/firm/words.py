"""The word lists the demo firm is made of: invented people, customers and streets."""

#: Towns as (town, county, a telephone prefix kept free for drama and lacking three digits, outward postcode).
NORTH_TOWNS = (
    ("Leith", "Midlothian", "0131 496 0", "EH6"),
    ("Granton", "Midlothian", "0131 496 0", "EH5"),
    ("Greenock", "Renfrewshire", "0141 496 0", "PA15"),
    ("North Shields", "Tyne and Wear", "0191 498 0", "NE29"),
    ("Sunderland", "Tyne and Wear", "0191 498 0", "SR1"),
    ("Whitby", "North Yorkshire", "01632 960", "YO22"),
    ("Fleetwood", "Lancashire", "01632 960", "FY7"),
    ("Birkenhead", "Merseyside", "0151 496 0", "CH41"),
    ("Larne", "County Antrim", "028 9649 6", "BT40"),
)
SOUTH_TOWNS = (
    ("Portishead", "Somerset", "0117 496 0", "BS20"),
    ("Cardiff", "South Glamorgan", "029 2018 0", "CF10"),
    ("Milford Haven", "Pembrokeshire", "01632 960", "SA73"),
    ("Brixham", "Devon", "01632 960", "TQ5"),
    ("Falmouth", "Cornwall", "01632 960", "TR11"),
    ("Gosport", "Hampshire", "01632 960", "PO12"),
    ("Deptford", "", "020 7946 0", "SE8"),
    ("Whitstable", "Kent", "01632 960", "CT5"),
    ("Lowestoft", "Suffolk", "01632 960", "NR32"),
)
TRADES = (
    "Boatyard",
    "Chandlery",
    "Ferries",
    "Fish Market",
    "Harbour Authority",
    "Marina",
    "Pilots",
    "Rope Works",
    "Sailmakers",
    "Salvage",
    "Shipwrights",
    "Tugs",
)
HOUSE_NAMES = (
    "Anchor", "Beacon", "Blackrock", "Bluebell", "Capstan", "Cormorant", "Cutwater", "Dunlin", "Eider", "Fairlead",
    "Gannet", "Halyard", "Kittiwake", "Lanyard", "Marlinspike", "Oystercatcher", "Petrel", "Quayside", "Ropewalk",
    "Saltmarsh", "Sandpiper", "Seven Bells", "Spindrift", "Staithe", "Tern", "Windlass",
)  # fmt: skip
STREETS = (
    "Capstan Row", "Cooperage Wynd", "Dry Dock Lane", "Fishgate Steps", "Hawser Street", "Kelpwharf",
    "Lamplighter Quay", "Net Loft Yard", "Old Slip Road", "Pilot's Rise", "Ropemaker's Close", "Saltpan Hill",
    "Tidewaiter Street", "Winch House Lane",
)  # fmt: skip
BUILDINGS = ("Unit {n}", "The Old Net Store", "Shed {n}", "Suite {n}, Harbour Works", "Berth {n}", "c/o Lock Keeper")
FIRST_NAMES = (
    "Aisha", "Alasdair", "Amelia", "Anwen", "Arjun", "Beatrix", "Bronwen", "Calum", "Catriona", "Cerys", "Chidi",
    "Clara", "Declan", "Dilys", "Edith", "Eilidh", "Emeka", "Esme", "Farah", "Fergus", "Fiona", "Gethin", "Gwen",
    "Hamish", "Harriet", "Imogen", "Iolo", "Isla", "Jasper", "Kezia", "Kwame", "Lachlan", "Leila", "Lowri", "Magnus",
    "Mairi", "Marcus", "Meera", "Morag", "Nadia", "Nerys", "Niamh", "Oluwaseun", "Orla", "Owain", "Parveen", "Percy",
    "Rhian", "Rory", "Rukhsana", "Ruth", "Saoirse", "Seren", "Shona", "Sunil", "Tamsin", "Tariq", "Una", "Wilfred",
    "Yusuf",
)  # fmt: skip
LAST_NAMES = (
    "Abernathy", "Achterberg", "Adeyemi", "Ainscough", "Applegarth", "Bagshaw", "Balfour", "Banerjee", "Bickerstaff",
    "Braithwaite", "Carmichael", "Chaudhry", "Clutterbuck", "Coldwell", "Crabtree", "Dalrymple", "Devereux",
    "Drummond", "Eccleston", "Entwistle", "Fairweather", "Farquhar", "Fothergill", "Galbraith", "Gillespie",
    "Goodacre", "Griffiths",
    "Haldane", "Hathersage", "Hebblethwaite", "Inchbald", "Jamieson", "Kavanagh", "Kinnear", "Lamont", "Leadbetter",
    "Llewellyn", "Loveday", "MacAskill", "Mbeki", "McCorquodale", "Micklethwait", "Nwosu", "Oakeshott", "O'Shaughnessy",
    "Osgood", "Patel", "Penhaligon", "Petherick", "Prendergast", "Quayle", "Rahman", "Ramsbottom", "Ravenscroft",
    "Sedgwick", "Silverwood", "Siddiqui", "Smallwood", "Strachan", "Tavener", "Thistlethwaite", "Trelawney", "Urquhart",
    "Venables", "Wainwright", "Wetherby", "Winterbourne", "Yarrow",
)  # fmt: skip
#: Names that a careless program breaks, with the local part of their address.
FAR_NAMES = (
    ("Zoë", "Ångström", "zoe.angstrom"),
    ("Łukasz", "Żółkiewski", "lukasz.zolkiewski"),
    ("Søren", "Kjærgård", "soren.kjaergaard"),
    ("José María", "Núñez Ibáñez", "jm.nunez"),
    ("François-Xavier", "L’Hermitte", "fx.lhermitte"),
    ("Siobhán", "Ní Dhomhnaill", "siobhan.nidhomhnaill"),
    ("Þórdís", "Guðmundsdóttir", "thordis.gudmundsdottir"),
    ("健太", "山本", "kenta.yamamoto"),
    ("美咲", "小林", "misaki.kobayashi"),
    ("伟", "陈", "wei.chen"),
    ("지훈", "박", "jihun.park"),
    ("ليلى", "حداد", "layla.haddad"),
    ("يوسف", "المصري", "yusuf.elmasri"),
    ("יעל", "ברק", "yael.barak"),
    ("Ελένη", "Παππά", "eleni.pappa"),
    ("Дмитро", "Коваленко", "dmytro.kovalenko"),
    ("Nguyễn", "Thị Hồng", "hong.nguyen"),
    ("Midge 🐟", "Fenwick", "midge.fenwick"),
)
#: Customers abroad: name, address domain, street, city, postcode, country, telephone.
FAR_COMPANIES = (
    (
        "Café du Port & Fils",
        "cafeduport.example",
        "3 quai des Ormeaux",
        "Cancale",
        "35260",
        "France",
        "+33 1 99 00 12 34",
    ),
    ("北海船具株式会社", "hokkai-sengu.example", "港町架空1-2-3", "小樽市", "047-0000", "日本", "+1 555 0142"),
    ("شركة المرفأ للمعدات", "almarfa.example", "شارع الفنار ١٢", "الإسكندرية", "", "مصر", "+1 555 0177"),
    ("Zakład Żeglarski Łódź", "zeglarski.example", "ul. Wymyślona 7", "Gdynia", "81-000", "Polska", "+1 (555) 0119"),
    ("Nordlys Bøyer AS", "nordlys-boyer.example", "Fyrgata 9", "Tromsø", "9999", "Norge", "+1 555 0108"),
    (
        "Chesapeake Dock Lights, Inc.",
        "chesdock.example",
        "1200 Imaginary Wharf",
        "Annapolis",
        "21499",
        "USA",
        "+1-555-0163",
    ),
)
TITLES = (
    "Harbour Master", "Buyer", "Dock Foreman", "Chief Engineer", "Owner", "Yard Manager", "Accounts Clerk",
    "Berthing Officer", "Fleet Superintendent", "Purchasing & Stores", "Skipper", "Technical Director",
)  # fmt: skip
DEPARTMENTS = ("Engineering", "Purchasing", "Operations", "Accounts", "Workshop", "Safety", "")
NOTES = (
    "Prefers the 24 V bilge pumps; will not hear of the 12 V.",
    "Invoice to the yard, deliver to the slip. Gate code from the lock keeper.",
    "Away every August, ask for the deputy.",
    "Met at the boat show, stand 14. Wants a price on \"soft-start\" winches.",
    "Ring twice, then text: there is no signal below deck.",
    "Credit stop lifted after the March payment. Terms 30 days.",
    "Loves the amber deck lights ⚓💡 and orders them by the dozen.",
    "Two dogs, both friendly 🐕🐕; the cat is not.",
    "Spare impellers: part HL-204, never HL-240; the flange is wrong.",
    "Crème de la crème of customers: pays in ten days, sends cake 🎂.",
)  # fmt: skip
VISITS = (
    "checked the fenders on the east pontoon, three of them split, quoted for replacements;",
    "walked the slip with the foreman, the winch cable shows wear at the second drum;",
    "left samples of the new cleats, galvanised and bronze, to be tried over the winter;",
    "talked through the pump failure: the float switch had jammed, no fault of ours;",
    "agreed a price for forty metres of chain, delivery before the spring tides;",
    "coffee with the owner, who is thinking of a second pontoon – “if the bank is kind”;",
    "measured the fairway lights, one dark since Tuesday, bulb sent by courier;",
    "took back two faulty shore-power posts and noted their serial numbers;",
)
ASSISTANTS = ("Nan Tolliver", "Bertie Spragg", "Olwen Fisk", "Mo Hallett", "Pip Anstey")
FAMILY_NAMES = ("Mum", "Uncle Bernard", "Dentist", "Piano teacher", "Plumber", "Next door", "Babysitter", "Vet")
