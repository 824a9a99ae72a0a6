"""Run the notebook and write its outputs into it, without what libraries log.

python docs/notebooks/record.py      # needs a2u_tf[docs,plots]
"""

from pathlib import Path

import nbclient
import nbformat

PATH = Path(__file__).with_name("quickstart.ipynb")


def main():
    notebook = nbformat.read(PATH, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600).execute()
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, PATH)


if __name__ == "__main__":
    main()
