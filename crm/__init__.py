"""The embedded CRM: contacts, companies, folders, users and rights, with OpenCRM's field names, in SQL."""
