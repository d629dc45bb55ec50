"""Where calls are kept: tables, migrations, and one module per engine."""
