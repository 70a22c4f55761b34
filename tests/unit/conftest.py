"""The order of the tests that go over every notebook."""


def pytest_collection_modifyitems(items):
    """Notebook by notebook: what a notebook's misconceptions came to is held in memory only as long as it is needed."""
    places = [number for number, item in enumerate(items) if item.path.name == "test_graders.py"]
    by_notebook = sorted((items[number] for number in places), key=_notebook_of)
    for number, item in zip(places, by_notebook, strict=True):
        items[number] = item


def _notebook_of(item):
    params = item.callspec.params
    return params["place"] if "place" in params else (params["assignment"], params["notebook"])
