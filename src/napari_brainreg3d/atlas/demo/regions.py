"""The regions of the schematic mouse brain: names, colours and the tree that they form.

Acronyms, names, colours and tree follow the nomenclature of the Allen Mouse Brain Atlas, so that
the presets work; the numbers are this atlas's own. Every name says that the atlas is a drawing.
"""

from __future__ import annotations

from typing import Final

from napari_brainreg3d.atlas.regions import Ontology, Region

DISCLAIMER: Final = "schematic, not for science"

#: A region stands under the nearest line above it that is indented less.
_TREE: Final = """
root        #ffffff  whole brain
    CH      #b0f0ff  Cerebrum
      CTX   #b0ffb8  Cerebral cortex
          Isocortex #70ff71  Isocortex
            FRP     #268f45  Frontal pole
            MO      #1f9d5a  Somatomotor areas
              MOp   #1f9d5a  Primary motor area
              MOs   #1f9d5a  Secondary motor area
            SS      #188064  Somatosensory areas
              SSp   #188064  Primary somatosensory area
                SSp-n   #188064  Primary somatosensory area, nose
                SSp-bfd #188064  Primary somatosensory area, barrel field
                SSp-ll  #188064  Primary somatosensory area, lower limb
                SSp-m   #188064  Primary somatosensory area, mouth
                SSp-ul  #188064  Primary somatosensory area, upper limb
                SSp-tr  #188064  Primary somatosensory area, trunk
                SSp-un  #188064  Primary somatosensory area, unassigned
              SSs   #188064  Supplemental somatosensory area
            GU      #009c75  Gustatory areas
            VISC    #11ad83  Visceral area
            AUD     #193909  Auditory areas
              AUDd  #193909  Dorsal auditory area
              AUDp  #193909  Primary auditory area
              AUDpo #193909  Posterior auditory area
              AUDv  #193909  Ventral auditory area
            VIS     #08858c  Visual areas
              VISal #08858c  Anterolateral visual area
              VISam #08858c  Anteromedial visual area
              VISl  #08858c  Lateral visual area
              VISp  #08858c  Primary visual area
              VISpl #08858c  Posterolateral visual area
              VISpm #08858c  Posteromedial visual area
              VISpor #08858c  Postrhinal area
            ACA     #40a666  Anterior cingulate area
            PL      #2fa850  Prelimbic area
            ORB     #248a5e  Orbital area
            AI      #219866  Agranular insular area
            RSP     #1aa698  Retrosplenial area
              RSPagl #1aa698  Retrosplenial area, lateral agranular part
              RSPd  #1aa698  Retrosplenial area, dorsal part
              RSPv  #1aa698  Retrosplenial area, ventral part
            PTLp    #009fac  Posterior parietal association areas
              VISa  #009fac  Anterior area
              VISrl #009fac  Rostrolateral visual area
            TEa     #15b0b3  Temporal association areas
            ECT     #0d9f91  Ectorhinal area
          OLF       #9ad2bd  Olfactory areas
            MOB     #9ad2bd  Main olfactory bulb
            AON     #54bf94  Anterior olfactory nucleus
            PIR     #6acbba  Piriform area
          HPF       #7ed04b  Hippocampal formation
            HIP     #7ed04b  Hippocampal region
            ENT     #32b825  Entorhinal area
      CNU   #98d6f9  Cerebral nuclei
    BS      #ff7080  Brain stem
      IB    #ff7080  Interbrain
        TH  #ff7080  Thalamus
        HY  #e64438  Hypothalamus
      MB    #ff64ff  Midbrain
        SCs #ff7aff  Superior colliculus, sensory related
        IC  #ff7aff  Inferior colliculus
        MBmot #ff90ff  Midbrain, motor related
      HB    #ff9b88  Hindbrain
    CB      #f0f080  Cerebellum
      CBX   #f0f080  Cerebellar cortex
        VERM #fffc91  Vermal regions
        HEM #fffc91  Hemispheric regions
"""


def _read(tree: str) -> Ontology:
    regions: list[Region] = []
    above: list[tuple[int, Region]] = []  # (indentation, region) from the root to the last line
    for line in tree.strip().splitlines():
        acronym, colour, name = line.split(maxsplit=2)
        indent = len(line) - len(line.lstrip())
        while above and above[-1][0] >= indent:
            above.pop()
        path = (*(region.id for _, region in above), len(regions) + 1)
        rgb = (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))
        region = Region(path[-1], acronym, f"{name} ({DISCLAIMER})", rgb, path)
        regions.append(region)
        above.append((indent, region))
    return Ontology(tuple(regions))


ONTOLOGY: Final = _read(_TREE)
"""All regions; parents come before their parts."""
