"""The CRM of Guanxi: people work here with what the mine (`guanxi`) has found. Django; installed by ``guanxi[crm]``.

Its floors, from the top: `site`, then `insights` and `sources`, `sales`, `customers`, `users`, `core`; imports go only
downwards. Only the bridging apps `sources` and `insights` call the mine, in processes of their own, and exchange tables
with it. `guanxi.words`, the sentences in both languages, is the one module of the library that all of them use.
"""
